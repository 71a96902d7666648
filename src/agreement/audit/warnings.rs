//! What a reader should know before quoting a figure.

use super::model::Audit;
use super::sentence::{percent, thousands};
use crate::stats::{PairedSample, Ranks};

pub(super) fn warnings(
    audit: &Audit,
    sample: &PairedSample,
    clusters: Option<&[u32]>,
) -> Vec<String> {
    let mut found = Vec::new();
    let counts = &audit.counts;
    let unscored = counts.human_items - counts.scored;
    if unscored > 0 {
        found.push(format!(
            "{} of {} items that people rated have no value of the judge; the figures under every policy are shown",
            thousands(unscored),
            thousands(counts.human_items)
        ));
    }
    for (n, what) in [
        (
            counts.human_missing.iter().map(|reason| reason.n).sum(),
            "row(s) of the human file have no value",
        ),
        (
            counts.only_judged.n,
            "id(s) of the judged file are not in the human file",
        ),
        (
            counts.duplicates_left_out,
            "row(s) were left out because their id occurs on another row",
        ),
    ] {
        if n > 0 {
            found.push(format!("{} {what}", thousands(n)));
        }
    }
    if audit.n < 30 {
        found.push(format!(
            "{} items are few: intervals are wide and their methods approximate",
            audit.n
        ));
    }
    let tied = Ranks::of(sample.predicted()).tie_share();
    if tied > 0.5 {
        found.push(format!(
            "{} % of the judge's values repeat another: rank statistics rest on ties, and their convention matters",
            percent(tied)
        ));
    }
    let nearly = nearly_tied(sample.predicted());
    if nearly > 0 {
        found.push(format!(
            "{} of the judge's values differ from a neighbour by less than a billionth of their range; if that is float noise, their order is arbitrary",
            thousands(nearly)
        ));
    }
    let overall = |name: &str| {
        audit
            .estimates
            .iter()
            .find(|row| row.name == name && row.is_overall())
            .and_then(|row| row.value)
    };
    if overall("spearman").is_some_and(|value| value < 0.0) {
        found.push("the correlation is negative: if lower values are better in one file, say so with `--judged-better lower` or `--human-better lower`".to_owned());
    }
    if let Some(clusters) = clusters {
        let count = clusters.iter().max().map_or(0, |last| last + 1);
        if count < 20 {
            found.push(format!(
                "{count} clusters are few: intervals over clusters are too narrow below about 20"
            ));
        }
    }
    if let (Some(pooled), Some(within)) = (
        overall("spearman"),
        audit
            .estimates
            .iter()
            .find(|row| row.name == "spearman_mean")
            .and_then(|row| row.value),
    ) && (pooled - within).abs() > 0.1
    {
        found.push(format!(
            "Spearman is {pooled:.3} over all items but {within:.3} on average within groups: part of the agreement is about groups, not items"
        ));
    }
    found
}

/// Neighbours in order that differ, but by less than 1e-9 of the range.
fn nearly_tied(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let range = sorted.last().unwrap_or(&0.0) - sorted.first().unwrap_or(&0.0);
    let near = |pair: &&[f64]| pair[1] > pair[0] && pair[1] - pair[0] < 1e-9 * range;
    sorted.windows(2).filter(near).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_noise_is_seen_and_ties_are_not_noise() {
        assert_eq!(nearly_tied(&[0.1 + 0.2, 0.3, 1.0, 1.0, 0.0]), 1);
        assert_eq!(nearly_tied(&[0.3, 0.3, 1.0, 0.0]), 0);
    }
}
