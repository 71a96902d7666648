//! Which items are shown together in one list, and where: so that all are linked and no place favours any.

use crate::stats::resample::CounterRng;

/// Deals items into lists, one round after the other; each round shows every item.
///
/// Where one list bears all items, the rounds are the rows of a Williams square: over as many rounds as there
/// are items each item stands at each place once, and beside as many others as can be. Beyond that the items of
/// a round lie on a ring in an order drawn by lot, and its lists are overlapping stretches of the ring, so that
/// each round alone links all items. Within a list items take the places at which they stood least often so far.
///
/// Round number k is the same for any number of rounds.
#[derive(Debug, Clone)]
pub struct ListRounds {
    items: u32,
    size: usize,
    seed: u64,
    round: u64,
    /// How often each item was shown at each place, item after item.
    stood: Vec<u32>,
}

impl ListRounds {
    /// Rounds of lists of at most `most` items each; both are two or more.
    pub fn new(items: u32, most: usize, seed: u64) -> Self {
        let count = items as usize;
        let size = most.min(count).max(1);
        ListRounds {
            items,
            size,
            seed,
            round: 0,
            stood: vec![0; count * size],
        }
    }

    /// Items in each list.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Items that two neighbouring lists of a round have in common at least; 0 where one list bears all.
    pub fn overlap(&self) -> usize {
        if self.size >= self.items as usize {
            return 0;
        }
        (self.size / 4).max(1)
    }

    /// Lists in each round.
    pub fn lists(&self) -> usize {
        let stride = (self.size - self.overlap()).max(1);
        (self.items as usize).div_ceil(stride)
    }

    /// The lists of the next round, each in the order in which its items are shown.
    pub fn next_round(&mut self) -> Vec<Vec<u32>> {
        let round = self.round;
        self.round += 1;
        if self.size >= self.items as usize {
            return vec![self.whole(round)];
        }
        let mut rng = CounterRng::new(self.seed, round);
        let mut ring: Vec<u32> = (0..self.items).collect();
        rng.shuffle(&mut ring);
        let lists = self.lists();
        (0..lists)
            .map(|list| {
                let start = list * ring.len() / lists;
                let stretch = (start..start + self.size).map(|at| ring[at % ring.len()]);
                self.placed(stretch.collect(), &mut rng)
            })
            .collect()
    }

    /// A row of a Williams square over an order drawn by lot. For an odd number of items the next square is
    /// turned round: two squares together have each item before each other equally often.
    fn whole(&self, round: u64) -> Vec<u32> {
        let count = u64::from(self.items);
        let (square, row) = (round / count, round % count);
        let mut order: Vec<u32> = (0..self.items).collect();
        CounterRng::new(self.seed, square / 2).shuffle(&mut order);
        let zigzag = |place: u64| {
            if place % 2 == 1 {
                place.div_ceil(2)
            } else {
                count - place / 2
            }
        };
        let mut shown: Vec<u32> = (0..count)
            .map(|place| {
                let at = (zigzag(place) + row) % count;
                order[usize::try_from(at).expect("items are counted in 32 bits")]
            })
            .collect();
        if square % 2 == 1 {
            shown.reverse();
        }
        shown
    }

    /// The items at the places where they stood least often; lots decide between equals.
    fn placed(&mut self, mut items: Vec<u32>, rng: &mut CounterRng) -> Vec<u32> {
        rng.shuffle(&mut items);
        let mut places: Vec<usize> = (0..items.len()).collect();
        rng.shuffle(&mut places);
        let mut shown = vec![0; items.len()];
        for place in places {
            let stood = |item: u32| self.stood[item as usize * self.size + place];
            let (at, item) = (items.iter().copied().enumerate())
                .min_by_key(|(_, item)| stood(*item))
                .expect("there are as many items left as places");
            items.swap_remove(at);
            self.stood[item as usize * self.size + place] += 1;
            shown[place] = item;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times_at_places(rounds: &[Vec<Vec<u32>>], items: usize) -> Vec<Vec<u32>> {
        let size = rounds[0][0].len();
        let mut stood = vec![vec![0; size]; items];
        for list in rounds.iter().flatten() {
            for (place, item) in list.iter().enumerate() {
                stood[*item as usize][place] += 1;
            }
        }
        stood
    }

    #[test]
    fn one_list_of_all_has_each_item_at_each_place_once() {
        for items in 2..=9_u32 {
            let mut dealt = ListRounds::new(items, 26, 5);
            assert_eq!((dealt.lists(), dealt.overlap()), (1, 0));
            let rounds: Vec<_> = (0..2 * items).map(|_| dealt.next_round()).collect();
            for square in rounds.chunks(items as usize) {
                let stood = times_at_places(square, items as usize);
                assert!(stood.iter().flatten().all(|times| *times == 1), "{items}");
            }
            // Who follows whom: each ordered pair as often as any other over two squares.
            let mut follows = vec![0; (items * items) as usize];
            for list in rounds.iter().flatten() {
                for two in list.windows(2) {
                    follows[(two[0] * items + two[1]) as usize] += 1;
                }
            }
            let met = follows.iter().enumerate().filter(|(at, _)| {
                let items = items as usize;
                at / items != at % items
            });
            assert!(
                met.clone().all(|(_, times)| *times == 2),
                "{items}: {follows:?}"
            );
        }
    }

    #[test]
    fn each_round_shows_all_and_links_all() {
        for (items, most) in [(9_u32, 4), (10, 2), (7, 6), (100, 8), (11, 3), (1_024, 26)] {
            let mut dealt = ListRounds::new(items, most, 1);
            for _ in 0..3 {
                let round = dealt.next_round();
                assert_eq!(round.len(), dealt.lists());
                let mut group: Vec<u32> = (0..items).collect();
                let root = |group: &[u32], mut item: u32| {
                    while group[item as usize] != item {
                        item = group[item as usize];
                    }
                    item
                };
                let mut shown = vec![false; items as usize];
                for list in &round {
                    assert_eq!(list.len(), most);
                    let mut distinct = list.clone();
                    distinct.sort_unstable();
                    distinct.dedup();
                    assert_eq!(distinct.len(), most);
                    for item in list {
                        shown[*item as usize] = true;
                        let (one, other) = (root(&group, list[0]), root(&group, *item));
                        group[one as usize] = other;
                    }
                }
                assert!(shown.iter().all(|shown| *shown), "{items} by {most}");
                let first = root(&group, 0);
                assert!((0..items).all(|item| root(&group, item) == first));
            }
        }
    }

    #[test]
    fn places_are_balanced_over_rounds_of_blocks() {
        let mut dealt = ListRounds::new(20, 5, 3);
        let rounds: Vec<_> = (0..40).map(|_| dealt.next_round()).collect();
        for times in times_at_places(&rounds, 20) {
            let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
            // By lot alone ten times would spread over some nine.
            assert!(most - least <= 4, "{times:?}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_rounds_and_another_gives_others() {
        let rounds = |seed| {
            let mut dealt = ListRounds::new(12, 5, seed);
            (0..4).map(|_| dealt.next_round()).collect::<Vec<_>>()
        };
        assert_eq!(rounds(7), rounds(7));
        assert_ne!(rounds(7), rounds(8));
    }
}
