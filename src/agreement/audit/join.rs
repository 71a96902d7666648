//! The items of an audit: rows of both files under one id, and all that did not come together.

use super::names::NONE;
use super::options::{Matching, Missing};
use super::side::{Key, Side, ids_of_rows};
use super::{AuditError, NothingInCommon, Unmatched};
use crate::stats::{PairedSample, StatsError};

/// One item that people rated, and the judge's rows for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item {
    pub(super) human_row: u32,
    judged_row: u32,
    swapped_row: u32,
}

/// In place of a row that is not there: an optional row would take twice the memory.
const NO_ROW: u32 = u32::MAX;

impl Item {
    /// The judge's row, or its row for the pair as it was given.
    pub(super) fn judged_row(&self) -> Option<u32> {
        (self.judged_row != NO_ROW).then_some(self.judged_row)
    }

    /// The judge's row for the pair in swapped order.
    pub(super) fn swapped_row(&self) -> Option<u32> {
        (self.swapped_row != NO_ROW).then_some(self.swapped_row)
    }
}

/// Both files under one set of ids.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) judged: Side,
    pub(super) human: Side,
    /// Every item with a human value, in the order of the human file.
    pub(super) items: Vec<Item>,
    /// Ids that only one file has.
    pub(super) only_judged: Unmatched,
    pub(super) only_human: Unmatched,
}

pub(super) fn join(
    mut judged: Side,
    human: Side,
    matching: Matching,
) -> Result<Joined, AuditError> {
    let mut only = (Vec::new(), Vec::new());
    let mut items = Vec::new();
    let mut matched = 0_usize;
    let (mut left, mut right) = (judged.keys.as_slice(), human.keys.as_slice());
    while let (Some((judged_key, judged_row)), Some((human_key, human_row))) =
        (left.first(), right.first())
    {
        match judged_key.cmp(human_key) {
            std::cmp::Ordering::Less => {
                only.0.push(*judged_row);
                left = &left[1..];
            }
            std::cmp::Ordering::Greater => {
                only.1.push(*human_row);
                right = &right[1..];
            }
            std::cmp::Ordering::Equal => {
                let rows = run(left, judged_key);
                matched += 1;
                if human.state[*human_row as usize] == 0 {
                    items.push(item(&judged, rows, *human_row));
                }
                left = &left[rows.len()..];
                right = &right[1..];
            }
        }
    }
    only.0.extend(left.iter().map(|(_, row)| *row));
    only.1.extend(right.iter().map(|(_, row)| *row));
    if matched == 0 {
        return Err(nothing_in_common(&judged, &human, matching));
    }
    let unjudged = only.1.iter().filter(|row| human.state[**row as usize] == 0);
    items.extend(unjudged.map(|row| Item {
        human_row: *row,
        judged_row: NO_ROW,
        swapped_row: NO_ROW,
    }));
    items.sort_unstable_by_key(|item| item.human_row);
    only.0.sort_unstable();
    only.1.sort_unstable();
    let (only_judged, only_human) = (unmatched(&judged, &only.0), unmatched(&human, &only.1));
    items.shrink_to_fit();
    // Ids have done their work; another judge will be joined to the human ones only.
    judged.keys = Vec::new();
    Ok(Joined {
        judged,
        human,
        items,
        only_judged,
        only_human,
    })
}

fn run<'a>(rows: &'a [(Key, u32)], key: &Key) -> &'a [(Key, u32)] {
    let length = rows.iter().take_while(|(other, _)| other == key).count();
    &rows[..length]
}

fn item(judged: &Side, rows: &[(Key, u32)], human_row: u32) -> Item {
    let row = |is_swapped: bool| {
        rows.iter()
            .map(|(_, row)| *row)
            .find(|row| judged.is_swapped(*row) == is_swapped)
    };
    let (given, turned) = (row(false), row(true));
    Item {
        human_row,
        judged_row: given.or(turned).unwrap_or(NO_ROW),
        swapped_row: given.and(turned).unwrap_or(NO_ROW),
    }
}

fn unmatched(side: &Side, rows: &[u32]) -> Unmatched {
    let first: Vec<u32> = rows.iter().take(5).copied().collect();
    Unmatched {
        n: rows.len(),
        first: if first.is_empty() {
            Vec::new()
        } else {
            ids_of_rows(&side.table, &side.taken[0].1, &first).unwrap_or_default()
        },
    }
}

/// Says which ids stood where, and whether another way of matching would help.
fn nothing_in_common(judged: &Side, human: &Side, matching: Matching) -> AuditError {
    let ids =
        |side: &Side| ids_of_rows(&side.table, &side.taken[0].1, &[0, 1, 2]).unwrap_or_default();
    let (in_judged, in_human) = (ids(judged), ids(human));
    let helps = [Matching::FileName, Matching::Stem]
        .into_iter()
        .find(|other| {
            *other != matching && {
                let parts: Vec<&str> = in_human.iter().map(|id| other.part_of(id)).collect();
                in_judged
                    .iter()
                    .any(|id| !id.is_empty() && parts.contains(&other.part_of(id)))
            }
        });
    AuditError::from(Box::new(NothingInCommon {
        judged: judged.table.path().to_owned(),
        human: human.table.path().to_owned(),
        judged_column: judged.taken[0].1.clone(),
        human_column: human.taken[0].1.clone(),
        judged_ids: in_judged.into_iter().filter(|id| !id.is_empty()).collect(),
        human_ids: in_human.into_iter().filter(|id| !id.is_empty()).collect(),
        remedy: helps.map_or_else(
            || "name the id columns with `--on JUDGED=HUMAN`".to_owned(),
            |matching| {
                format!(
                    "pass `--match {}`, or name the id columns with `--on JUDGED=HUMAN`",
                    matching.name()
                )
            },
        ),
    }))
}

impl Joined {
    /// The judge's value of an item; nothing where there is none.
    ///
    /// That of a pair asked in both orders is the mean of both readings of the first thing's share. A pair that was
    /// to be asked in both orders and was answered in one only has no unbiased value.
    pub(super) fn judged_value(&self, item: &Item) -> Option<f64> {
        let share = |row: u32| {
            let value = self.judged.value(row)?;
            Some(if self.judged.is_swapped(row) {
                1.0 - value
            } else {
                value
            })
        };
        let first = share(item.judged_row()?)?;
        match item.swapped_row() {
            Some(row) => Some(f64::midpoint(first, share(row)?)),
            None => Some(first),
        }
    }

    /// How many items have a value of the judge.
    pub(super) fn scored(&self) -> usize {
        let has = |item: &&Item| self.judged_value(item).is_some();
        self.items.iter().filter(has).count()
    }

    /// What stands in for a missing value under a policy; nothing where the item is left out.
    pub(super) fn stand_in(&self, policy: Missing) -> Option<f64> {
        let scored = || self.items.iter().filter_map(|item| self.judged_value(item));
        match policy {
            Missing::Drop | Missing::Refuse => None,
            Missing::Zero => Some(0.0),
            Missing::Worst => self
                .judged
                .worst
                .or_else(|| scored().min_by(f64::total_cmp)),
            Missing::Mean => {
                let n = scored().count();
                (n > 0).then(|| scored().sum::<f64>() / n as f64)
            }
        }
    }

    /// Items with the judge's value or what stands in for it, and those values beside people's.
    pub(super) fn used(&self, policy: Missing) -> Result<(Vec<Item>, PairedSample), StatsError> {
        let stand_in = self.stand_in(policy);
        let mut items = Vec::with_capacity(self.items.len());
        let (mut judged, mut human) = (
            Vec::with_capacity(self.items.len()),
            Vec::with_capacity(self.items.len()),
        );
        for item in &self.items {
            if let Some(value) = self.judged_value(item).or(stand_in) {
                items.push(*item);
                judged.push(value);
                human.push(self.human_value(item));
            }
        }
        Ok((items, PairedSample::from_columns(judged, human)?))
    }

    /// The human value of an item.
    pub(super) fn human_value(&self, item: &Item) -> f64 {
        self.human.values[item.human_row as usize]
    }

    /// The number in a further column: from the human file, or else from the judged one.
    pub(super) fn number(&self, role: &str, item: &Item) -> Option<f64> {
        let of = |side: &Side, row: u32| {
            side.numbers
                .get(role)
                .and_then(|column| column[row as usize])
        };
        of(&self.human, item.human_row).or_else(|| of(&self.judged, item.judged_row()?))
    }

    /// The name in a further column: from the human file, or else from the judged one.
    pub(super) fn name(&self, role: &str, item: &Item) -> Option<&str> {
        fn of<'a>(side: &'a Side, role: &str, row: u32) -> Option<&'a str> {
            let names = side.names.get(role)?;
            let code = names.codes[row as usize];
            (code != NONE).then(|| names.names[code as usize].as_str())
        }
        of(&self.human, role, item.human_row).or_else(|| of(&self.judged, role, item.judged_row()?))
    }

    /// Whether either file has a column of this role.
    pub(super) fn has(&self, role: &str) -> bool {
        let in_side =
            |side: &Side| side.numbers.contains_key(role) || side.names.contains_key(role);
        in_side(&self.human) || in_side(&self.judged)
    }

    /// How many items have no value for each reason, most frequent first, with the line of the first.
    pub(super) fn reasons(&self) -> Vec<(String, usize, Option<u64>)> {
        let mut counts = vec![0_usize; self.judged.reasons.len()];
        let mut no_row = 0;
        let rows_of = |item: &Item| [item.judged_row(), item.swapped_row()];
        for item in self
            .items
            .iter()
            .filter(|item| self.judged_value(item).is_none())
        {
            let state = rows_of(item)
                .into_iter()
                .flatten()
                .map(|row| self.judged.state[row as usize])
                .find(|state| *state != 0);
            match state {
                Some(state) => counts[usize::from(state) - 1] += 1,
                None => no_row += 1,
            }
        }
        let named = self.judged.reasons.iter().zip(counts);
        let mut reasons: Vec<(String, usize, Option<u64>)> = named
            .map(|((reason, line), n)| (reason.clone(), n, Some(*line)))
            .collect();
        reasons.push(("no row in the judged file".to_owned(), no_row, None));
        reasons.retain(|(_, n, _)| *n > 0);
        reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        reasons
    }
}
