//! A manifest on its way into the store, some records at a time.

use super::columns::columns;
use super::lines::Rules;
use super::records::{Record, Records};
use crate::http::body::offload;
use crate::http::lasting::ManifestBounds;
use crate::http::problem::{Code, Problem};
use crate::http::service::Bounds;
use crate::jobs::{BadLine, Jobs, OnBadLine, bad_line};
use crate::store::{GivenItem, StoreError};

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a line.
    JsonLines,
    /// A header and rows.
    Csv,
}

impl Format {
    /// The format of a media type, or of a file name.
    pub(super) fn of(media_type: Option<&str>, file_name: Option<&str>) -> Option<Self> {
        let essence = media_type.map(|stated| {
            let essence = stated.split(';').next().unwrap_or_default();
            essence.trim().to_ascii_lowercase()
        });
        match essence.as_deref() {
            Some("application/jsonl" | "application/x-ndjson" | "application/json-lines") => {
                return Some(Format::JsonLines);
            }
            Some("text/csv") => return Some(Format::Csv),
            _ => {}
        }
        match file_name.and_then(|name| name.rsplit('.').next()) {
            Some("jsonl" | "ndjson") => Some(Format::JsonLines),
            Some("csv") => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Records and bytes that go into the store together.
const TOGETHER: usize = 1_000;
const TOGETHER_BYTES: usize = 4 << 20;

/// A manifest of which a part has arrived.
pub(super) struct Manifest<'a> {
    jobs: &'a Jobs,
    job: i64,
    format: Format,
    records: Records,
    rules: Rules,
    on_bad_line: OnBadLine,
    bounds: ManifestBounds,
    waiting: Vec<Record>,
    waiting_bytes: usize,
    items: i64,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(
        jobs: &'a Jobs,
        job: i64,
        format: Format,
        rules: Rules,
        on_bad_line: OnBadLine,
        bounds: ManifestBounds,
    ) -> Self {
        Manifest {
            jobs,
            job,
            format,
            records: match format {
                Format::JsonLines => Records::of_lines(bounds.line_bytes),
                Format::Csv => Records::of_rows(bounds.line_bytes),
            },
            rules,
            on_bad_line,
            bounds,
            waiting: Vec::new(),
            waiting_bytes: 0,
            items: 0,
        }
    }

    /// Takes the next piece.
    pub(super) async fn push(&mut self, piece: &[u8]) -> Result<(), Problem> {
        let before = self.waiting.len();
        let pushed = self.records.push(piece, &mut self.waiting);
        self.take(before, pushed).await
    }

    /// Takes the end; how many items there are.
    pub(super) async fn finish(&mut self) -> Result<i64, Problem> {
        let before = self.waiting.len();
        let finished = self.records.finish(&mut self.waiting);
        self.take(before, finished).await?;
        self.flush().await?;
        if self.items == 0 {
            return Err(Problem::new(Code::BadManifest, "the manifest has no items")
                .hint(r#"a line of JSON such as {"id": "a", "base64": "..."} is one item"#));
        }
        Ok(self.items)
    }

    async fn take(&mut self, before: usize, read: Result<(), BadLine>) -> Result<(), Problem> {
        let fresh = &self.waiting[before..];
        self.waiting_bytes += fresh.iter().map(|(_, record)| record.len()).sum::<usize>();
        // A record that does not end cannot be stepped over, whatever becomes of other bad lines.
        read.map_err(|bad| refused(&bad))?;
        if self.waiting.len() >= TOGETHER || self.waiting_bytes >= TOGETHER_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Problem> {
        self.waiting_bytes = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        if self.format == Format::Csv && self.rules.columns.is_none() && !waiting.is_empty() {
            let (line, header) = waiting.remove(0);
            let named = columns(&header).map_err(|problem| refused(&problem.in_line(line)))?;
            self.rules.columns = Some(named);
        }
        let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(());
        }
        let first = self.items;
        self.items += count;
        if u64::try_from(self.items).unwrap_or(u64::MAX) > self.bounds.items {
            let detail = format!("a manifest has at most {} items", self.bounds.items);
            return Err(
                Problem::new(Code::TooManyItems, detail).hint("send the rest as another job")
            );
        }
        let lines: Vec<u64> = waiting.iter().map(|(line, _)| *line).collect();
        let bytes = waiting.iter().map(|(_, record)| record.len()).sum();
        let (rules, on_bad_line) = (self.rules.clone(), self.on_bad_line);
        let read = move || items(&waiting, first, &rules, on_bad_line).map_err(|bad| refused(&bad));
        let mut items = offload(bytes, read).await?;
        loop {
            let again = match self.on_bad_line {
                OnBadLine::Refuse => None,
                OnBadLine::Fail => Some(items.clone()),
            };
            let item = match self.jobs.append(self.job, first, items).await {
                Ok(()) => return Ok(()),
                Err(StoreError::SameId { item }) => item,
                Err(error) => return Err(error.into()),
            };
            let place = usize::try_from(item - first).unwrap_or(0);
            let bad = BadLine {
                line: lines.get(place).copied().unwrap_or(0),
                detail: "its id was given before".to_owned(),
                hint: Some("give every item an id of its own, or none".to_owned()),
            };
            let Some(again) = again else {
                return Err(refused(&bad));
            };
            items = again;
            items[place] = GivenItem::Failed {
                content: bad_line(item, &bad),
            };
        }
    }
}

/// The items of some records, the first of which stands at place `first`.
fn items(
    records: &[Record],
    first: i64,
    rules: &Rules,
    on_bad_line: OnBadLine,
) -> Result<Vec<GivenItem>, BadLine> {
    let read = (first..).zip(records).map(|(item, (line, record))| {
        match (rules.read(*line, record), on_bad_line) {
            (Ok((id, content)), _) => Ok(GivenItem::Open {
                id: id.unwrap_or_else(|| item.to_string()),
                content: content.to_bytes(),
            }),
            (Err(bad), OnBadLine::Refuse) => Err(bad),
            (Err(bad), OnBadLine::Fail) => Ok(GivenItem::Failed {
                content: bad_line(item, &bad),
            }),
        }
    });
    read.collect()
}

fn refused(bad: &BadLine) -> Problem {
    let detail = format!("line {}: {}", bad.line, bad.detail);
    let problem = Problem::new(Code::BadManifest, detail);
    problem.hint(bad.hint.clone().unwrap_or_else(|| {
        "correct the line, or send `on_bad_line=fail` to have it among the results".to_owned()
    }))
}

/// The bounds of a body that carries a manifest.
pub(super) fn body_bounds(bounds: &ManifestBounds) -> Bounds {
    bounds.body
}
