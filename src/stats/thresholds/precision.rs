//! The thresholds whose precision is shown.

use super::candidates::{Candidate, Labelled};
use super::sequence::refused_in_sequence;
use super::share::share_above_p_value;

/// Most places at which the scan begins.
const STARTS: u32 = 4;

/// Every threshold at which the precision is shown to be above `target`, from strict to lax; all of them hold at once.
///
/// The scan goes from strict to lax and stops where a test fails. The very strictest thresholds accept too few items
/// to show anything, so that it begins at the first that could: where all accepted items being good would do. Further
/// starts lie at twice, four times and eight times as many items, as long as there are so many; each has an equal
/// share of the level, and a start that is reached by passed tests hands its share on. Starts depend on the scores
/// alone, never on the labels.
pub(super) fn shown(labelled: &Labelled, target: f64, level: f64) -> Vec<Candidate> {
    let candidates = labelled.candidates();
    let exact = |at: usize| {
        let Candidate { accepted, good, .. } = candidates[at];
        share_above_p_value(good, accepted, target)
    };
    let places = scan(&candidates, labelled.items(), target, level, exact);
    places.into_iter().map(|at| candidates[at]).collect()
}

/// Places of the candidates that the scan shows, by these p-values; of `items` labelled items.
pub(super) fn scan(
    candidates: &[Candidate],
    items: usize,
    target: f64,
    level: f64,
    p_value: impl Fn(usize) -> f64,
) -> Vec<usize> {
    let starts = starts(items, target, level);
    let share = level / starts.len().max(1) as f64;
    let mut ahead = starts.iter().peekable();
    let begins = candidates.iter().map(|candidate| {
        let mut begun = 0.0;
        while ahead.next_if(|n| candidate.accepted >= **n).is_some() {
            begun += share;
        }
        begun
    });
    let begins: Vec<f64> = begins.collect();
    refused_in_sequence(&begins, p_value)
}

/// Numbers of accepted items at which the scan begins; none where even all items being good would show nothing.
fn starts(items: usize, target: f64, level: f64) -> Vec<usize> {
    for starts in (1..=STARTS).rev() {
        let least = all_good(target, level / f64::from(starts));
        let places: Vec<usize> = (0..starts).map(|doubled| least << doubled).collect();
        if places.last().is_some_and(|last| *last <= items) {
            return places;
        }
    }
    Vec::new()
}

/// The least n of which all being good shows a share above `target`: the least with `target^n <= level`.
pub(super) fn all_good(target: f64, level: f64) -> usize {
    let exact = level.ln() / target.ln();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive: both logarithms are negative; a saturated count is never reached"
    )]
    let n = exact.ceil() as usize;
    n.max(1)
}
