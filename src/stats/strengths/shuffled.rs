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

#[cfg(test)]
mod tests {
    use super::super::plackett_luce;
    use super::*;

    #[test]
    fn letters_are_places_each_once() {
        for (text, shown, expected) in [
            ("BACD", 4, Some(vec![1, 0, 2, 3])),
            ("b, a , c", 3, Some(vec![1, 0, 2])),
            ("C>A>B", 3, Some(vec![2, 0, 1])),
            ("BAC", 4, None),
            ("BACDE", 4, None),
            ("BBCD", 4, None),
            ("B.A", 2, None),
            ("BÄ", 2, None),
            ("", 2, None),
        ] {
            assert_eq!(places_of_letters(text, shown), expected, "{text}");
        }
    }

    #[test]
    fn orders_are_drawn_and_then_reversed() {
        let orders = shuffled_orders(6, 5, 3);
        assert_eq!(orders, shuffled_orders(6, 8, 3)[..5]);
        assert_ne!(orders, shuffled_orders(6, 5, 4));
        for two in orders.chunks_exact(2) {
            assert!(two[0].iter().eq(two[1].iter().rev()));
        }
        for mut order in orders {
            order.sort_unstable();
            assert!(order.into_iter().eq(0..6));
        }
    }

    /// A judge that ranks by item number, whatever it is shown, but reads badly every fifth time.
    #[test]
    fn answers_by_place_become_lists_of_items() {
        let orders = shuffled_orders(5, 10, 1);
        let answers: Vec<ShownList> = (orders.into_iter().enumerate())
            .map(|(at, shown)| {
                let mut places: Vec<usize> = (0..5).collect();
                places.sort_by_key(|place| shown[*place]);
                let answer = match at {
                    4 => None,
                    9 => Some(vec![0, 0, 1, 2, 3]),
                    _ => Some(places),
                };
                ShownList { shown, answer }
            })
            .collect();
        let gathered = gather_lists(5, &answers).unwrap();
        assert_eq!((gathered.read, gathered.unread), (8, 2));
        assert_eq!(gathered.best_by_place.iter().sum::<usize>(), 8);
        let strengths = plackett_luce(&gathered.lists.unwrap(), 0.1).unwrap();
        assert_eq!(strengths.ranks(), [1, 2, 3, 4, 5]);
        // What was shown first was the best item as often as what was shown last: orders come with their reverse.
        assert_eq!(gathered.best_by_place.len(), 5);
    }

    #[test]
    fn nothing_read_is_no_list_and_bad_showings_are_refused() {
        let unread = |shown: Vec<u32>| {
            [ShownList {
                shown,
                answer: None,
            }]
        };
        let gathered = gather_lists(3, &unread(vec![2, 0])).unwrap();
        assert_eq!(
            (gathered.lists, gathered.read, gathered.unread),
            (None, 0, 1)
        );
        assert_eq!(gather_lists(3, &[]).unwrap().unread, 0);
        for shown in [vec![1], vec![0, 0], vec![0, 3]] {
            let refused = gather_lists(3, &unread(shown));
            assert!(
                matches!(refused, Err(StatsError::Argument { .. })),
                "{refused:?}"
            );
        }
    }
}
