//! Lists that a judge gave by the places at which items were shown, such as `BACD`.

use super::lists::Lists;
use crate::stats::StatsError;
use crate::stats::resample::CounterRng;

/// Items as they were shown, and the answer as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownList {
    /// The items in the order in which they were shown.
    pub shown: Vec<u32>,
    /// Places in `shown` from 0, the best item's first; nothing where the answer could not be read.
    pub answer: Option<Vec<usize>>,
}

/// Lists of items, and what became of the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct GatheredLists {
    /// The readable answers as lists of items; nothing where there is none.
    pub lists: Option<Lists>,
    /// Answers that were read and name each shown item once.
    pub read: usize,
    /// Answers that were not read, or do not name each shown item once. They say nothing and count as nothing.
    pub unread: usize,
    /// How often the best item was the one shown at each place; even, where showing first has no effect.
    pub best_by_place: Vec<usize>,
}

/// Orders in which to show `items` items, one for each of `repeats` questions.
///
/// Repeat number k is the same order for any number of repeats. Consecutive repeats come in pairs, the
/// second one in reverse, so that what is shown early in one is shown late in the other.
pub fn shuffled_orders(items: u32, repeats: u32, seed: u64) -> Vec<Vec<u32>> {
    let order = |repeat: u32| {
        let mut order: Vec<u32> = (0..items).collect();
        CounterRng::new(seed, u64::from(repeat / 2)).shuffle(&mut order);
        if repeat % 2 == 1 {
            order.reverse();
        }
        order
    };
    (0..repeats).map(order).collect()
}

/// Reads `BACD` as places 1, 0, 2, 3 among `shown` items; nothing unless each letter stands there once.
///
/// Letters may be lower case and stand apart by blanks, commas or `>`. Finding such a run in a longer text is
/// not done here.
///
/// ```
/// use opine::stats::strengths::places_of_letters;
/// assert_eq!(places_of_letters("B > A > C", 3), Some(vec![1, 0, 2]));
/// assert_eq!(places_of_letters("BAB", 3), None);
/// ```
pub fn places_of_letters(text: &str, shown: usize) -> Option<Vec<usize>> {
    let signs = text
        .chars()
        .filter(|sign| !(sign.is_whitespace() || *sign == ',' || *sign == '>'));
    let place = |sign: char| {
        let letter = u8::try_from(sign.to_ascii_uppercase()).ok()?;
        letter.checked_sub(b'A').map(usize::from)
    };
    let places: Vec<usize> = signs.map(place).collect::<Option<_>>()?;
    is_order(&places, shown).then_some(places)
}

fn is_order(places: &[usize], shown: usize) -> bool {
    let mut named = vec![false; shown];
    let new = |place: &usize| {
        let named = named.get_mut(*place);
        named.is_some_and(|named| !std::mem::replace(named, true))
    };
    places.len() == shown && places.iter().all(new)
}

/// Maps places back to items and gathers the lists for [`plackett_luce`](super::plackett_luce).
///
/// # Errors
/// As [`Lists::new`], for what was shown: a list of fewer than two items, an item twice or one that does not exist.
pub fn gather_lists(items: usize, answers: &[ShownList]) -> Result<GatheredLists, StatsError> {
    // What was shown is ours and must be sound, also where the answer was not.
    let shown: Vec<Vec<u32>> = answers.iter().map(|list| list.shown.clone()).collect();
    if !shown.is_empty() {
        Lists::new(items, shown)?;
    }
    let longest = answers.iter().map(|list| list.shown.len()).max();
    let mut best_by_place = vec![0; longest.unwrap_or(0)];
    let mut lists = Vec::new();
    for ShownList { shown, answer } in answers {
        let Some(places) = answer
            .as_ref()
            .filter(|places| is_order(places, shown.len()))
        else {
            continue;
        };
        best_by_place[places[0]] += 1;
        lists.push(places.iter().map(|place| shown[*place]).collect());
    }
    let read = lists.len();
    Ok(GatheredLists {
        lists: (read > 0).then(|| Lists::new(items, lists)).transpose()?,
        read,
        unread: answers.len() - read,
        best_by_place,
    })
}
