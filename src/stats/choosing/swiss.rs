//! Rounds of the Swiss system: each item meets its neighbour in the standing.

use super::matching::most_partners;
use super::met::Met;
use crate::stats::StatsError;
use crate::stats::resample::CounterRng;

/// One round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwissRound {
    /// Pairs of items as (first, second), from the top of the standing; which is shown first is drawn by lot.
    pub pairs: Vec<(u32, u32)>,
    /// The item without a partner, where their number is odd.
    pub bye: Option<u32>,
    /// How many of the pairs have met before. As few as can be, given who has the bye.
    pub rematches: usize,
}

/// Pairs neighbours in the standing, the strongest first.
///
/// `standing` is any score by which items are ordered so far, and equal ones are ordered by lot: with the
/// same number for all, the round is drawn by lot, as a first one must be. Items that met are kept apart while
/// any other pairing of all items exists. The bye goes to the lowest of those that had the fewest `byes`, and
/// is to be counted there by the caller. Lots depend on the seed and on the number of meetings so far.
///
/// ```
/// use opine::stats::choosing::{Met, swiss_round};
/// let mut met = Met::new(4);
/// met.add(0, 1);
/// let round = swiss_round(&[4.0, 3.0, 2.0, 1.0], &met, &[0; 4], 7)?;
/// assert_eq!(round.rematches, 0);
/// assert!(round.pairs.iter().all(|pair| !matches!(pair, (0, 1) | (1, 0))));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two items; [`StatsError::Argument`] unless `met` and `byes` are of as
/// many items as `standing`, whose numbers must be finite.
pub fn swiss_round(
    standing: &[f64],
    met: &Met,
    byes: &[u32],
    seed: u64,
) -> Result<SwissRound, StatsError> {
    check(standing, met, byes)?;
    let mut rng = CounterRng::new(seed, met.questions());
    let mut order: Vec<u32> = (0..met.items()).collect();
    rng.shuffle(&mut order);
    // A stable sort leaves equal ones in the order that was drawn.
    order.sort_by(|a, b| standing[*b as usize].total_cmp(&standing[*a as usize]));
    let bye = (order.len() % 2 == 1).then(|| without_partner(&mut order, byes));
    let strangers = |one: usize, other: usize| met.times(order[one], order[other]) == 0;
    let partners = most_partners(order.len(), &strangers);
    let (places, rematches) = complete(&partners);
    let mut shown = |(one, other): (usize, usize)| {
        let (one, other) = (order[one], order[other]);
        if rng.below(2) == 1 {
            (other, one)
        } else {
            (one, other)
        }
    };
    Ok(SwissRound {
        pairs: places.into_iter().map(&mut shown).collect(),
        bye,
        rematches,
    })
}

/// Takes out the lowest of the items that had the fewest byes.
fn without_partner(order: &mut Vec<u32>, byes: &[u32]) -> u32 {
    let had = |place: usize| byes[order[place] as usize];
    let lowest = (0..order.len())
        .rev()
        .min_by_key(|place| had(*place))
        .expect("an odd number of items is not none");
    order.remove(lowest)
}

/// All pairs of places by the better one, with those whom only a rematch is left for, neighbours among them.
fn complete(partners: &[Option<usize>]) -> (Vec<(usize, usize)>, usize) {
    let alone: Vec<usize> = (0..partners.len())
        .filter(|place| partners[*place].is_none())
        .collect();
    let rematches = alone.chunks_exact(2).map(|two| (two[0], two[1]));
    let made = partners.iter().enumerate().filter_map(|(place, partner)| {
        let partner = (*partner)?;
        (place < partner).then_some((place, partner))
    });
    let mut places: Vec<(usize, usize)> = made.chain(rematches).collect();
    places.sort_unstable();
    (places, alone.len() / 2)
}

fn check(standing: &[f64], met: &Met, byes: &[u32]) -> Result<(), StatsError> {
    if standing.len() < 2 {
        return Err(StatsError::TooFew {
            statistic: "swiss round",
            needed: 2,
            got: standing.len(),
        });
    }
    let wrong = |argument, value: String, allowed| StatsError::Argument {
        argument,
        value,
        allowed,
    };
    for (argument, items) in [("met", met.items() as usize), ("byes", byes.len())] {
        if items != standing.len() {
            let allowed = "as many items as the standing has";
            return Err(wrong(argument, format!("{items} items"), allowed));
        }
    }
    if let Some(score) = standing.iter().find(|score| !score.is_finite()) {
        return Err(wrong("standing", score.to_string(), "finite numbers"));
    }
    Ok(())
}
