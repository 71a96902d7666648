//! What a judge said of items, with all that can drift: score, reason of a failure, coverage, order effect.

use std::path::Path;

use crate::table::{Ids, Table, TableError};

/// What a judge said of one item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The item.
    pub id: String,
    /// The score; nothing where there is none.
    pub score: Option<f64>,
    /// Code of the reason why there is none.
    pub reason: Option<String>,
    /// Mass on the allowed answers.
    pub coverage: Option<f64>,
    /// By how much the preference of a comparison depends on the order.
    pub order_effect: Option<f64>,
    /// Whether the preference goes to a place, whichever of the two stands there; nothing where the pair was not asked in
    /// both orders.
    pub follows_place: Option<bool>,
}

/// What a file observed, and of what it speaks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observations {
    /// Its items.
    pub items: Vec<Observed>,
    /// Whether it says why there is no score.
    pub has_reasons: bool,
}

/// Columns of ids and scores. `reason`, `coverage`, `order_effect` and `orders_disagree` are read where they are, as
/// results have them.
#[derive(Debug, Clone, Copy)]
pub struct ObservedColumns<'a> {
    /// The item; of comparisons both, as `first+second`.
    pub id: &'a str,
    /// The score.
    pub score: &'a str,
}

/// Reads what a judge said, in the order of the file: a table of scores, or results as `opine score --json` and
/// `opine compare --json` print them.
///
/// # Errors
/// A file that cannot be read, a column that is not there, a cell that is no number, an id that occurs twice.
pub fn read_observations(
    path: &Path,
    columns: ObservedColumns<'_>,
) -> Result<Observations, TableError> {
    let table = Table::open(path, None)?;
    let optional = |name: &'static str| if table.has(name) { name } else { "" };
    let (id, second) = columns.id.split_once('+').unwrap_or((columns.id, ""));
    let wanted = [
        id,
        columns.score,
        optional("reason"),
        optional("coverage"),
        optional("order_effect"),
        second,
        optional("orders_disagree"),
    ];
    let mut found = Observations {
        items: Vec::new(),
        // Results of which none failed have no reason to give.
        has_reasons: table.has("reason") || table.has("status"),
    };
    let mut ids = Ids::default();
    table.named_rows(&wanted, "name the columns of ids and scores", |row| {
        let mut id = row.needed(0, "the id is empty", "name every item")?;
        if let Some(second) = row.label(5) {
            id = format!("{id} + {second}");
        }
        ids.take(
            &row,
            0,
            id.clone(),
            &format!("`{id}`"),
            "give every item one row",
        )?;
        let order_effect = row.number(4)?;
        found.items.push(Observed {
            id,
            score: row.number(1)?,
            reason: row.label(2),
            coverage: row.number(3)?,
            order_effect,
            // Two images of the same bytes have no order effect, and their orders cannot disagree: nobody was asked.
            follows_place: order_effect.and(row.truth(6)),
        });
        Ok(())
    })?;
    Ok(found)
}

impl Observations {
    /// The values that some items have.
    pub(super) fn values(&self, of: fn(&Observed) -> Option<f64>) -> Vec<f64> {
        self.items.iter().filter_map(of).collect()
    }

    /// How many items are like that, and how many there are of which it can be said.
    pub(super) fn count(&self, like: fn(&Observed) -> Option<bool>) -> (usize, usize) {
        let said = self.items.iter().filter_map(like);
        said.fold((0, 0), |(hits, all), hit| {
            (hits + usize::from(hit), all + 1)
        })
    }
}
