//! Ids on several rows: refused with their lines, or settled by a rule. The two orders of a swapped pair are no duplicates.

use super::options::Duplicates;
use super::side::{Key, Plan, Side, ids_of_rows};
use crate::table::{TableError, TableFault};

/// Most ids that the message names, and most lines of each.
const NAMED: (usize, usize) = (3, 5);

/// Leaves one row of each id, or refuses; `lines` holds the line of every row.
pub(super) fn settle(side: &mut Side, plan: &Plan<'_>, lines: &[u32]) -> Result<(), TableError> {
    let mut keys = std::mem::take(&mut side.keys);
    let swapped = |row: u32| side.is_swapped(row);
    if !side.swapped.is_empty() {
        keys.sort_unstable_by_key(|(key, row)| (*key, swapped(*row), *row));
    }
    let same = |a: &(Key, u32), b: &(Key, u32)| a.0 == b.0 && swapped(a.1) == swapped(b.1);
    let before = keys.len();
    match plan.duplicates {
        Duplicates::Refuse => {
            let repeated: Vec<Vec<u32>> = keys
                .chunk_by(same)
                .filter(|rows| rows.len() > 1)
                .map(|rows| rows.iter().map(|(_, row)| *row).collect())
                .collect();
            if !repeated.is_empty() {
                return Err(refusal(side, &plan.id, repeated, lines));
            }
        }
        Duplicates::First => keys.dedup_by(|later, kept| same(later, kept)),
        Duplicates::Last => keys.dedup_by(|later, kept| {
            let repeated = same(later, kept);
            if repeated {
                *kept = *later;
            }
            repeated
        }),
    }
    side.duplicates = before - keys.len();
    side.keys = keys;
    Ok(())
}

/// Names the first ids that occur more than once, with their lines.
fn refusal(side: &Side, column: &str, mut repeated: Vec<Vec<u32>>, lines: &[u32]) -> TableError {
    repeated.sort_unstable();
    let first: Vec<u32> = repeated.iter().take(NAMED.0).map(|rows| rows[0]).collect();
    let ids = ids_of_rows(&side.table, column, &first).unwrap_or_default();
    let shown: Vec<String> = repeated
        .iter()
        .zip(&ids)
        .map(|(rows, id)| {
            let lines: Vec<String> = rows
                .iter()
                .take(NAMED.1)
                .map(|row| lines[*row as usize].to_string())
                .collect();
            format!("`{id}` is on lines {}", lines.join(", "))
        })
        .collect();
    let more = match repeated.len().saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let line = repeated
        .first()
        .map_or(1, |rows| u64::from(lines[rows[1] as usize]));
    TableError::new(
        side.table.path(),
        TableFault::DuplicateId,
        format!(
            "{} id(s) occur more than once: {}{more}",
            repeated.len(),
            shown.join("; ")
        ),
        "remove the extra rows, or pass `--duplicates first` or `last`",
    )
    .at(line)
    .column(column)
}
