//! What moves a judge besides what people see.
//!
//! A judge's value is compared on ranks, and what people said is taken out first: a judge that likes long answers
//! because people do is not biased.

use std::collections::BTreeMap;

use super::join::{Item, Joined};
use super::model::{Counts, Finding};
use super::ranks::{mean_interval, moments, rank_shares, residuals};
use super::sentence::thousands;
use crate::stats::calibration::{BinomialInterval, binomial_interval};
use crate::stats::{FisherVariance, PairedSample, Ranks, fisher_interval, spearman};

/// Everything that can be measured with the columns at hand.
pub(super) fn findings(
    sample: &PairedSample,
    joined: &Joined,
    used: &[Item],
    counts: &Counts,
    judge: &str,
) -> Vec<Finding> {
    let mut found = scale_use(sample);
    found.extend(unscored(counts));
    if !joined.judged.swapped.is_empty() {
        found.extend(swap(joined, used));
    }
    found.extend(covariate(sample, joined, used, "position"));
    found.extend(covariate(sample, joined, used, "length"));
    found.extend(authors(sample, joined, used, judge));
    found
}

fn finding(
    topic: &'static str,
    name: impl Into<String>,
    value: f64,
    n: usize,
    meaning: impl Into<String>,
) -> Finding {
    Finding {
        topic,
        name: name.into(),
        value,
        ci: None,
        n,
        meaning: meaning.into(),
    }
}

fn share(
    topic: &'static str,
    name: impl Into<String>,
    count: usize,
    n: usize,
    meaning: impl Into<String>,
) -> Finding {
    let interval = binomial_interval(count, n, 0.95, BinomialInterval::Wilson);
    Finding {
        ci: interval.ok().map(|interval| [interval.low, interval.high]),
        ..finding(topic, name, count as f64 / n.max(1) as f64, n, meaning)
    }
}

fn scale_use(sample: &PairedSample) -> Vec<Finding> {
    let n = sample.len();
    let (judged, human) = (Ranks::of(sample.predicted()), Ranks::of(sample.human()));
    let largest = |ranks: &Ranks| {
        ranks
            .counts()
            .iter()
            .max()
            .map_or(0, |count| *count as usize)
    };
    let pairs = (n as f64) * (n as f64 - 1.0) / 2.0;
    vec![
        finding(
            "scale_use",
            "distinct values",
            judged.levels() as f64,
            n,
            format!("people used {}", thousands(human.levels())),
        ),
        share(
            "scale_use",
            "share of the most frequent value",
            largest(&judged),
            n,
            format!(
                "for people it is {:.3}; near 1 the judge is a constant",
                largest(&human) as f64 / n as f64
            ),
        ),
        finding(
            "scale_use",
            "pairs of items that the judge ties",
            judged.tied_pairs() as f64 / pairs,
            n,
            format!(
                "people tie {:.4} of them",
                human.tied_pairs() as f64 / pairs
            ),
        ),
        middle(sample.predicted(), "the judge"),
        middle(sample.human(), "people"),
    ]
}

/// Where on its own used range a column stands: a judge that calls almost everything good stands near 1.
fn middle(values: &[f64], who: &str) -> Finding {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
    let place = |value: f64| {
        if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        }
    };
    let places: Vec<f64> = values.iter().map(|value| place(*value)).collect();
    let (mean, sd) = moments(&places);
    Finding {
        ci: mean_interval(&places),
        ..finding(
            "scale_use",
            format!("mean place on the used range, {who}"),
            mean,
            values.len(),
            format!(
                "0 is the lowest value used ({low:.4}), 1 the highest ({high:.4}); standard deviation {sd:.3} of the range"
            ),
        )
    }
}

fn unscored(counts: &Counts) -> Vec<Finding> {
    let kinds = [
        ("refusal", "refusals"),
        ("parse_failure", "answers that could not be read"),
        (
            "low_coverage",
            "answers with too little mass on the allowed ones",
        ),
        ("not_applicable", "questions that did not apply"),
        ("other", "failures for another reason"),
        ("missing", "rows without a value"),
        ("unmatched", "items without a row"),
    ];
    kinds
        .into_iter()
        .map(|(kind, name)| {
            let of_kind = counts.unscored.iter().filter(|reason| reason.kind == kind);
            let n: usize = of_kind.map(|reason| reason.n).sum();
            share(
                "unscored",
                name,
                n,
                counts.human_items,
                "share of the items that people rated",
            )
        })
        .filter(|finding| {
            finding.value > 0.0
                || finding.name == "refusals"
                || finding.name.starts_with("answers that")
        })
        .collect()
}

/// Pairs asked in both orders: values are the share of the preference that goes to the thing shown first.
fn swap(joined: &Joined, used: &[Item]) -> Vec<Finding> {
    let value = |row: Option<u32>| joined.judged.value(row?);
    let both: Vec<(f64, f64)> = used
        .iter()
        .filter_map(|item| Some((value(item.judged_row())?, value(item.swapped_row())?)))
        .collect();
    let n = both.len();
    if n == 0 {
        return Vec::new();
    }
    let side = |share: f64| {
        if share > 0.5 {
            1
        } else if share < 0.5 {
            -1
        } else {
            0
        }
    };
    let inconsistent = both
        .iter()
        .filter(|(given, turned)| side(*given) != -side(*turned))
        .count();
    let first = both
        .iter()
        .filter(|(given, turned)| side(*given) == 1 && side(*turned) == 1)
        .count();
    let second = both
        .iter()
        .filter(|(given, turned)| side(*given) == -1 && side(*turned) == -1)
        .count();
    let shares: Vec<f64> = both
        .iter()
        .map(|(given, turned)| f64::midpoint(*given, *turned))
        .collect();
    let (position_share, _) = moments(&shares);
    let mut found = vec![
        Finding {
            ci: mean_interval(&shares),
            ..finding(
                "position",
                "share that goes to the thing shown first",
                position_share,
                n,
                "over pairs asked in both orders, where 0.5 is no position bias",
            )
        },
        share(
            "swap",
            "verdicts that do not survive the exchange",
            inconsistent,
            n,
            "pairs asked in both orders whose two answers do not name the same thing",
        ),
    ];
    if first + second > 0 {
        found.push(share(
            "position",
            "first place among one-sided verdicts",
            first,
            first + second,
            "pairs whose two answers name the same place instead of the same thing; 0.5 is no preference for a place",
        ));
    }
    found
}

/// Association of the judge's ranks with a number per item, people's ranks taken out.
///
/// ```text
/// partial = (r_jc - r_jh r_hc) / sqrt((1 - r_jh^2) (1 - r_hc^2))
/// ```
/// r: Spearman correlations of judge, human and covariate. The interval is Fisher's with one item less.
fn covariate(
    sample: &PairedSample,
    joined: &Joined,
    used: &[Item],
    role: &'static str,
) -> Vec<Finding> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (index, item) in used.iter().enumerate() {
        if let Some(number) = joined.number(role, item) {
            columns.0.push(sample.predicted()[index]);
            columns.1.push(sample.human()[index]);
            columns.2.push(number);
        }
    }
    let (judged, human, numbers) = columns;
    let n = judged.len();
    let rho = |x: &[f64], y: &[f64]| {
        PairedSample::new(x, y)
            .and_then(|pairs| spearman(&pairs))
            .ok()
            .map(|rho| rho.value)
    };
    let (Some(r_jc), Some(r_hc), Some(r_jh)) = (
        rho(&judged, &numbers),
        rho(&human, &numbers),
        rho(&judged, &human),
    ) else {
        return Vec::new();
    };
    let spread = ((1.0 - r_jh * r_jh) * (1.0 - r_hc * r_hc)).sqrt();
    if n < 5 || spread <= 0.0 {
        return Vec::new();
    }
    let partial = ((r_jc - r_jh * r_hc) / spread).clamp(-1.0, 1.0);
    let interval = fisher_interval(partial, n - 1, 0.95, FisherVariance::Spearman);
    vec![Finding {
        ci: Some([interval.low, interval.high]),
        ..finding(
            role,
            format!("{role} and the judge, people's view taken out"),
            partial,
            n,
            format!(
                "partial Spearman; without taking it out {r_jc:.3} for the judge and {r_hc:.3} for people"
            ),
        )
    }]
}

/// Residual rank of the judge by author, people's rank taken out; the judge's own work against all other.
fn authors(sample: &PairedSample, joined: &Joined, used: &[Item], judge: &str) -> Vec<Finding> {
    if !joined.has("author") {
        return Vec::new();
    }
    let left = residuals(
        &rank_shares(sample.predicted()),
        &rank_shares(sample.human()),
    );
    let mut by_author: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (item, residual) in used.iter().zip(&left) {
        if let Some(author) = joined.name("author", item) {
            by_author.entry(author).or_default().push(*residual);
        }
    }
    let own = |author: &str| !judge.is_empty() && is_own(author, judge);
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for (author, residuals) in &by_author {
        if own(author) { &mut mine } else { &mut others }.extend_from_slice(residuals);
    }
    let mut found = Vec::new();
    if mine.len() >= 2 && others.len() >= 2 {
        let ((mine_mean, mine_sd), (others_mean, others_sd)) = (moments(&mine), moments(&others));
        let half = 1.959_963_984_540_054
            * (mine_sd * mine_sd / mine.len() as f64 + others_sd * others_sd / others.len() as f64)
                .sqrt();
        let difference = mine_mean - others_mean;
        found.push(Finding {
            ci: Some([difference - half, difference + half]),
            ..finding(
                "self_preference",
                format!("`{judge}` on its own work, less on that of others"),
                difference,
                mine.len(),
                "difference in rank share, people's rank taken out: 0.05 is five places in a hundred; 0 is none",
            )
        });
    }
    for (author, residuals) in by_author {
        found.push(Finding {
            ci: mean_interval(&residuals),
            ..finding(
                "self_preference",
                format!(
                    "favour for author `{author}`{}",
                    if own(author) {
                        ", the judge itself"
                    } else {
                        ""
                    }
                ),
                moments(&residuals).0,
                residuals.len(),
                "mean rank share that people's rank does not explain; 0 is none",
            )
        });
    }
    found
}

/// Whether an author's name is the judge's, or its backend's: `q-bench@qwen-vl` has made what `qwen-vl` made.
fn is_own(author: &str, judge: &str) -> bool {
    judge.eq_ignore_ascii_case(author)
        || judge
            .split('@')
            .any(|part| part.eq_ignore_ascii_case(author))
}

/// Which kind of failure a reason is.
pub(super) fn kind_of(reason: &str) -> &'static str {
    let lower = reason.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["refus"]) {
        "refusal"
    } else if has(&["pars", "unread", "malformed", "invalid_answer", "ambiguous"]) {
        "parse_failure"
    } else if has(&["coverage"]) {
        "low_coverage"
    } else if has(&["applicable"]) {
        "not_applicable"
    } else if lower.starts_with("missing") {
        "missing"
    } else if lower.starts_with("no row") {
        "unmatched"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fall_into_kinds() {
        for (reason, kind) in [
            ("refused", "refusal"),
            ("unparsed", "parse_failure"),
            ("ambiguous", "parse_failure"),
            ("low_coverage", "low_coverage"),
            ("not_applicable", "not_applicable"),
            ("missing (N/A)", "missing"),
            ("backend_timeout", "other"),
        ] {
            assert_eq!(kind_of(reason), kind, "{reason}");
        }
    }

    #[test]
    fn a_judge_owns_its_backends_work() {
        assert!(is_own("Qwen-VL", "q-bench@qwen-vl"));
        assert!(!is_own("qwen", "q-bench@qwen-vl"));
    }
}
