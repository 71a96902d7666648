//! `POST /v1/agreement/{id}/labels`: labels of people beside what a judge said of the same items, as they arrive; and
//! `DELETE /v1/agreement/{id}`, which forgets them.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::kept;
use crate::http::caller::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::http::uploads::{self, Uploads, as_fields, pointer, worked_out};
use crate::store::{LabelRow, wall_milliseconds};
use crate::table::{Cell, Reading, Table, TableError, TableFault, TablePlace};

/// Most labels of one request.
const MOST_SENT: usize = 10_000;
/// Most labels that are kept for a judge of a caller; the oldest go first.
const MOST_KEPT: usize = 100_000;
/// Longest id, in characters.
const LONGEST_ID: usize = 200;
/// The columns.
const COLUMNS: [&str; 4] = ["id", "judged", "human", "time"];
/// A time later than this is no time: the year 5138.
const LATEST: f64 = 1e14;

/// Labels come with no choices.
#[derive(Default)]
struct LabelChoices;

impl Uploads for LabelChoices {
    const TABLES: &'static [&'static str] = &["labels"];
    const MOST_ROWS: usize = MOST_SENT;
}

/// What is answered.
#[derive(Debug, Serialize)]
struct TakenJson {
    judge: String,
    added: usize,
    replaced: usize,
    forgotten: usize,
    total: usize,
}

#[derive(Debug, Serialize)]
struct ForgottenJson {
    judge: String,
    forgotten: usize,
}

/// Takes labels: all of them, or none where one is wrong. An item that was labelled before is labelled anew.
pub(in crate::http) async fn take(
    http: HttpRequest,
    payload: web::Payload,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let store = kept::store(&service)?;
    let judge = kept::judge_name(&http)?;
    service.engine.judges().find(&judge)?;
    let uploaded = uploads::read::<LabelChoices>(&http, payload, service.bounds).await?;
    let (table, by_row) = (uploaded.table("labels")?, uploaded.by_row);
    let now = wall_milliseconds();
    let rows = worked_out(
        "reading of labels",
        service.bounds.request_time,
        move || {
            rows(table, now).map_err(|error| {
                let detail = as_fields(&error.to_string());
                Problem::new(Code::InvalidValue, detail).at(pointer(&error, by_row))
            })
        },
    );
    let rows = rows.await?;
    let taken = store
        .take_labels(caller.name(), &judge, rows, MOST_KEPT)
        .await?;
    Ok(HttpResponse::Ok().json(TakenJson {
        judge,
        added: taken.added,
        replaced: taken.replaced,
        forgotten: taken.forgotten,
        total: taken.total,
    }))
}

/// Forgets all labels of the caller for a judge.
pub(in crate::http) async fn forget(
    http: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let store = kept::store(&service)?;
    let judge = kept::judge_name(&http)?;
    let forgotten = store.forget_labels(caller.name(), &judge).await?;
    Ok(HttpResponse::Ok().json(ForgottenJson { judge, forgotten }))
}

/// The labels of a table, each item once.
fn rows(place: TablePlace, now: i64) -> Result<Vec<LabelRow>, TableError> {
    let table = Table::open(place, None)?;
    for column in ["id", "human", "judged"] {
        if !table.has(column) {
            let detail = format!("there is no column `{column}`");
            let remedy = "give each row `id`, `human` and, where the judge gave one, `judged`";
            return Err(TableError::new(
                table.path(),
                TableFault::NoColumn,
                detail,
                remedy,
            ));
        }
    }
    let mut rows: Vec<LabelRow> = Vec::new();
    let mut ids = BTreeSet::new();
    table.rows(&COLUMNS, |line, cells| {
        let wrong = |column: usize, fault, detail: String, remedy: &str| {
            let error = TableError::new(table.path(), fault, detail, remedy);
            error.at(line).column(COLUMNS[column])
        };
        if rows.len() == MOST_SENT {
            let detail = format!("there are more than {MOST_SENT} labels");
            return Err(wrong(
                0,
                TableFault::Format,
                detail,
                "send the rest in further requests",
            ));
        }
        let row = row(cells, now)
            .map_err(|(column, fault, detail, remedy)| wrong(column, fault, detail, remedy))?;
        if !ids.insert(row.id.clone()) {
            let detail = format!("`{}` is labelled twice", row.id);
            return Err(wrong(
                0,
                TableFault::DuplicateId,
                detail,
                "send each item once in a request",
            ));
        }
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// A label, or which of its columns is wrong, in what way, and what to do.
type WrongCell = (usize, TableFault, String, &'static str);

fn row(cells: &[Cell<'_>], now: i64) -> Result<LabelRow, WrongCell> {
    let number = |at: usize| match cells[at].number(&[]) {
        Reading::Value(value) => Ok(Some(value)),
        Reading::Missing(_) => Ok(None),
        Reading::Wrong(fault, detail, remedy) => Err((at, fault, detail, remedy)),
    };
    let id = cells[0].label().unwrap_or_default();
    if !(1..=LONGEST_ID).contains(&id.chars().count()) || cells[0].is_rounded() {
        let detail = format!("an id has 1 to {LONGEST_ID} characters");
        return Err((
            0,
            TableFault::Missing,
            detail,
            "give every label the id of its item",
        ));
    }
    let judged = number(1)?;
    let human = number(2)?.ok_or_else(|| {
        let detail = "there is no label".to_owned();
        (
            2,
            TableFault::Missing,
            detail,
            "leave out items that nobody has labelled",
        )
    })?;
    let time = match number(3)? {
        None => now,
        Some(time) if (0.0..=LATEST).contains(&time) => milliseconds(time),
        Some(_) => {
            let detail = "a time is in milliseconds since 1970".to_owned();
            return Err((
                3,
                TableFault::Format,
                detail,
                "leave it out for the time of arrival",
            ));
        }
    };
    Ok(LabelRow {
        id,
        judged,
        human,
        time,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be in 0 to 1e14"
)]
fn milliseconds(time: f64) -> i64 {
    time as i64
}
