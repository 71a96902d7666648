//! How far several orders of the same items agree with each other.

use std::collections::BTreeMap;

/// Agreement of orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListAgreement {
    /// Kendall's coefficient of concordance, with midranks for ties: 1 where all orders are the same, 1 / n in
    /// the mean for n orders drawn by lot. `None` unless two orders or more each rank the same items, not all tied.
    pub kendall_w: Option<f64>,
    /// Kendall's tau-b between two orders, in the mean over all two that share items, each weighed by the number
    /// of pairs of items that it is of; `None` where none do.
    pub mean_tau: Option<f64>,
    /// Orders.
    pub lists: usize,
}

/// Agreement of orders; each has tiers of items, the best first, those of one tier tied.
///
/// ```text
/// W = 12 sum (R_i - mean R)^2 / (n^2 (k^3 - k) - n sum T),   T = sum of t^3 - t over the ties of an order
/// ```
/// n orders of k items; R_i is the sum of an item's ranks (Kendall and Smith 1939).
pub fn list_agreement(lists: &[Vec<Vec<u32>>]) -> ListAgreement {
    let ranked: Vec<BTreeMap<u32, f64>> = lists.iter().map(|tiers| midranks(tiers)).collect();
    ListAgreement {
        kendall_w: concordance(&ranked, lists),
        mean_tau: mean_tau(&ranked),
        lists: lists.len(),
    }
}

fn midranks(tiers: &[Vec<u32>]) -> BTreeMap<u32, f64> {
    let mut before = 0;
    let mut ranks = BTreeMap::new();
    for tier in tiers {
        let middle = before as f64 + (tier.len() as f64 + 1.0) / 2.0;
        ranks.extend(tier.iter().map(|item| (*item, middle)));
        before += tier.len();
    }
    ranks
}

fn concordance(ranked: &[BTreeMap<u32, f64>], lists: &[Vec<Vec<u32>>]) -> Option<f64> {
    let first = ranked.first().filter(|_| ranked.len() > 1)?;
    if !ranked.iter().all(|ranks| ranks.keys().eq(first.keys())) {
        return None;
    }
    let (n, k) = (ranked.len() as f64, first.len() as f64);
    let mean = n * (k + 1.0) / 2.0;
    let spread: f64 = first
        .keys()
        .map(|item| ranked.iter().map(|ranks| ranks[item]).sum::<f64>() - mean)
        .map(|off| off * off)
        .sum();
    let cube = |size: f64| size * size * size - size;
    let ties: f64 = lists
        .iter()
        .flatten()
        .map(|tier| cube(tier.len() as f64))
        .sum();
    let most = n * n * cube(k) - n * ties;
    (most > 0.0).then(|| 12.0 * spread / most)
}

fn mean_tau(ranked: &[BTreeMap<u32, f64>]) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (at, one) in ranked.iter().enumerate() {
        for other in &ranked[at + 1..] {
            let shared: Vec<(f64, f64)> = one
                .iter()
                .filter_map(|(item, rank)| Some((*rank, *other.get(item)?)))
                .collect();
            if let Some(tau) = tau_b(&shared) {
                let pairs = (shared.len() * (shared.len() - 1) / 2) as f64;
                sum += tau * pairs;
                weight += pairs;
            }
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

/// `None` where one side is all ties.
fn tau_b(shared: &[(f64, f64)]) -> Option<f64> {
    let (mut agree, mut ones, mut others) = (0.0, 0.0, 0.0);
    for (at, a) in shared.iter().enumerate() {
        for b in &shared[at + 1..] {
            let (x, y) = (sign(a.0 - b.0), sign(a.1 - b.1));
            agree += x * y;
            ones += x * x;
            others += y * y;
        }
    }
    (ones > 0.0 && others > 0.0).then(|| agree / (ones * others).sqrt())
}

/// Ranks are multiples of a half, so that equal ones differ by nothing at all.
fn sign(difference: f64) -> f64 {
    if difference > 0.25 {
        1.0
    } else if difference < -0.25 {
        -1.0
    } else {
        0.0
    }
}
