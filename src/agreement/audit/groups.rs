//! Agreement within groups, and its averages by every name they go by.

use std::collections::BTreeMap;

use super::coefficients::{MAIN, main_rows};
use super::model::Row;
use crate::stats::resample::Plan;
use crate::stats::{PairedSample, StatsError, fisher_mean, fisher_z};

/// Rows of every group in order of name, then the averages over groups.
pub(super) fn rows(
    judged: &[f64],
    human: &[f64],
    groups: &[&str],
    clusters: Option<&[u32]>,
    plan: &Plan,
) -> Result<Vec<Row>, StatsError> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(index);
    }
    let mut rows = Vec::new();
    for (group, members) in &members {
        let pick = |values: &[f64]| {
            members
                .iter()
                .map(|index| values[*index])
                .collect::<Vec<f64>>()
        };
        let sample = PairedSample::new(&pick(judged), &pick(human))?;
        let clusters =
            clusters.map(|clusters| renumbered(members.iter().map(|index| clusters[*index])));
        let of_group = main_rows(&sample, clusters.as_deref(), plan);
        rows.extend(of_group.into_iter().map(|row| row.in_group(group)));
    }
    for name in MAIN {
        let of_groups: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
        let averages = averages(name, &of_groups, members.len());
        rows.extend(averages);
    }
    Ok(rows)
}

/// Cluster numbers from 0 without gaps, in order of appearance.
pub(super) fn renumbered(clusters: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut known: BTreeMap<u32, u32> = BTreeMap::new();
    clusters
        .map(|cluster| {
            let next =
                u32::try_from(known.len()).expect("there are no more clusters than 32-bit numbers");
            *known.entry(cluster).or_insert(next)
        })
        .collect()
}

fn averages(name: &str, of_groups: &[&Row], groups: usize) -> Vec<Row> {
    let found: Vec<(&Row, f64)> = of_groups
        .iter()
        .filter_map(|row| Some((*row, row.value?)))
        .collect();
    let values: Vec<f64> = found.iter().map(|(_, value)| *value).collect();
    if values.is_empty() {
        return Vec::new();
    }
    let k = values.len() as f64;
    let mean = values.iter().sum::<f64>() / k;
    let items: usize = found.iter().map(|(row, _)| row.n).sum();
    let weighted = found
        .iter()
        .map(|(row, value)| row.n as f64 * value)
        .sum::<f64>()
        / items as f64;
    let over = if values.len() == groups {
        format!("over {groups} groups")
    } else {
        format!(
            "over the {} of {groups} groups in which it exists",
            values.len()
        )
    };
    let row = |average, value, ci: Option<[f64; 2]>, what: &str| Row {
        name: name.to_owned(),
        group: None,
        average: Some(average),
        value: Some(value),
        ci,
        ci_method: ci.map(|_| "from the groups' own intervals, groups taken as fixed".to_owned()),
        ci_independent: None,
        p_value: None,
        n: values.len(),
        method: "average over groups".to_owned(),
        convention: format!("{what}, {over}"),
        note: None,
    };
    let mut legacy = row(
        "tanh_of_mean",
        mean.tanh(),
        None,
        "tanh of the arithmetic mean",
    );
    legacy.note = Some(
        "a published slip for Fisher's mean: it lacks the atanh; only for comparison with tables that used it".to_owned(),
    );
    let mut rows = vec![
        row(
            "arithmetic",
            mean,
            None,
            "arithmetic mean, every group counts the same",
        ),
        row(
            "weighted",
            weighted,
            None,
            "arithmetic mean, weighted by items",
        ),
    ];
    if let Some(fisher) = fisher_mean(&values) {
        let ci = fisher_interval(&found, fisher);
        rows.push(row(
            "fisher_z",
            fisher,
            ci,
            "tanh of the mean of atanh, every group counts the same",
        ));
    }
    rows.push(legacy);
    if values.iter().any(|value| value.abs() >= 1.0) {
        let warning = "a group at exactly 1 or -1 is in it, as groups of two items always are: it draws Fisher's mean to \
                       the end of the scale and says little in any mean";
        for row in &mut rows {
            let earlier = row
                .note
                .take()
                .map(|note| format!("{note}; "))
                .unwrap_or_default();
            row.note = Some(format!("{earlier}{warning}"));
        }
    }
    rows
}

/// The interval of Fisher's mean from the half-widths of the groups' intervals on the z scale.
fn fisher_interval(found: &[(&Row, f64)], mean: f64) -> Option<[f64; 2]> {
    let squares: Option<Vec<f64>> = found
        .iter()
        .map(|(row, _)| {
            let [low, high] = row.ci?;
            let half = (fisher_z(high) - fisher_z(low)) / 2.0;
            half.is_finite().then_some(half * half)
        })
        .collect();
    let half = squares?.iter().sum::<f64>().sqrt() / found.len() as f64;
    let centre = fisher_z(mean);
    let ends = [(centre - half).tanh(), (centre + half).tanh()];
    ends.iter().all(|end| end.is_finite()).then_some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_named_and_differ() {
        let judged = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let human = [1.0, 2.0, 3.0, 5.0, 4.0, 5.0, 3.0, 4.0, 1.0, 2.0];
        let groups = ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"];
        let rows = rows(&judged, &human, &groups, None, &Plan::default()).unwrap();
        let of = |average| {
            let row = rows
                .iter()
                .find(|row| row.name == "spearman" && row.average == Some(average));
            row.unwrap().value.unwrap()
        };
        // Spearman's rho is 0.9 in `a` and -0.8 in `b`.
        assert!((of("arithmetic") - 0.05).abs() < 1e-12);
        assert!((of("tanh_of_mean") - 0.05_f64.tanh()).abs() < 1e-12);
        let fisher = ((0.9_f64.atanh() - 0.8_f64.atanh()) / 2.0).tanh();
        assert!((of("fisher_z") - fisher).abs() < 1e-12);
    }

    #[test]
    fn a_group_without_a_coefficient_is_shown_and_left_out_of_the_average() {
        let judged = [1.0, 2.0, 3.0, 4.0, 7.0, 7.0];
        let human = [1.0, 2.0, 4.0, 3.0, 1.0, 2.0];
        let groups = ["a", "a", "a", "a", "b", "b"];
        let rows = rows(&judged, &human, &groups, None, &Plan::default()).unwrap();
        let undefined: Vec<&Row> = rows.iter().filter(|row| row.value.is_none()).collect();
        assert_eq!(undefined.len(), 3);
        assert!(
            undefined
                .iter()
                .all(|row| row.group.as_deref() == Some("b") && row.note.is_some())
        );
        let average = rows
            .iter()
            .find(|row| row.average == Some("arithmetic"))
            .unwrap();
        assert!(
            average.convention.contains("1 of 2 groups"),
            "{}",
            average.convention
        );
    }
}
