//! Agreement within groups, and its averages by every name they go by.

use std::collections::BTreeMap;

use super::coefficients::{MAIN, main_rows, pick};
use super::draws::Draws;
use super::model::Row;
use crate::stats::{
    Estimate, PairedSample, StatsError, fisher_mean, fisher_z, mean, student_reach,
};

/// Rows of every group in order of name, then the averages over groups.
pub(super) fn rows(
    sample: &PairedSample,
    groups: &[&str],
    draws: Draws<'_>,
) -> Result<Vec<Row>, StatsError> {
    let mut members: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (index, group) in (0_u32..).zip(groups) {
        members.entry(group).or_default().push(index);
    }
    let mut rows = Vec::new();
    for (group, members) in &members {
        let of_group = pick(sample, members)?;
        let clusters = draws
            .clusters
            .map(|clusters| renumbered(members.iter().map(|index| clusters[*index as usize])));
        let draws = Draws {
            clusters: clusters.as_deref(),
            ..draws
        };
        let of_group = main_rows(&of_group, draws);
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

/// The averages of one coefficient over groups, each under a name of its own.
fn averages(name: &str, of_groups: &[&Row], groups: usize) -> Vec<Row> {
    let found: Vec<Group<'_>> = of_groups
        .iter()
        .filter_map(|row| {
            Some(Group {
                name: row.group.as_deref().unwrap_or_default(),
                n: row.n as f64,
                value: row.value?,
            })
        })
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let over = Over {
        name,
        groups,
        of: &found,
    };
    let (bounded, extreme): (Vec<Group<'_>>, Vec<Group<'_>>) =
        found.iter().partition(|group| group.has_z());
    let mut rows = vec![over.arithmetic(), over.weighted()];
    rows.extend(over.fisher(&bounded, &extreme));
    rows.push(over.legacy());
    if !extreme.is_empty() {
        for row in rows
            .iter_mut()
            .filter(|row| row.average != Some("fisher_z"))
        {
            row.add_note(&format!(
                "{} with exactly 1 or -1 {} in it, as groups of two items always have: they say little in any mean",
                counted(extreme.len()),
                if extreme.len() == 1 { "is" } else { "are" }
            ));
        }
    }
    rows
}

/// A group in which the coefficient exists.
#[derive(Debug, Clone, Copy)]
struct Group<'a> {
    name: &'a str,
    n: f64,
    value: f64,
}

impl Group<'_> {
    /// Fisher's z is infinite at 1 and -1; what rounding leaves beside them is no better.
    fn has_z(&self) -> bool {
        self.n > 2.0 && self.value.abs() < 1.0 - 1e-12
    }
}

/// Most groups that a note names.
const NAMED: usize = 10;

struct Over<'a> {
    name: &'a str,
    groups: usize,
    of: &'a [Group<'a>],
}

impl Over<'_> {
    fn row(&self, average: &'static str, groups: &[Group<'_>], value: f64) -> Row {
        let over = if groups.len() == self.groups {
            format!("over {}", counted(self.groups))
        } else {
            format!("over {} of {}", groups.len(), counted(self.groups))
        };
        let (what, ending) = match average {
            "arithmetic" => ("arithmetic mean, every group counts the same", "mean"),
            "weighted" => ("arithmetic mean, weighted by items", "weighted_mean"),
            "fisher_z" => (
                "tanh of the mean of atanh, every group counts the same",
                "fisher_z_mean",
            ),
            _ => ("tanh of the arithmetic mean", "tanh_of_mean"),
        };
        let convention = format!("{what}, {over}");
        let mut row = Row::of(&Estimate::new("average", value, groups.len(), convention));
        row.name = format!("{}_{ending}", self.name);
        row.average = Some(average);
        "average over groups".clone_into(&mut row.method);
        row
    }

    fn arithmetic(&self) -> Row {
        let values: Vec<f64> = self.of.iter().map(|group| group.value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut row = self.row("arithmetic", self.of, mean);
        set_interval(&mut row, student(&values), |end| end.clamp(-1.0, 1.0));
        row
    }

    /// With Cochran's variance of a weighted mean: `k / (k - 1) sum (w_i (v_i - mean))^2`, weights that sum to 1.
    fn weighted(&self) -> Row {
        let items: f64 = self.of.iter().map(|group| group.n).sum();
        let weighted = || self.of.iter().map(|group| (group.n / items, group.value));
        let mean: f64 = weighted().map(|(weight, value)| weight * value).sum();
        let mut row = self.row("weighted", self.of, mean);
        let k = self.of.len() as f64;
        let squares: f64 = weighted()
            .map(|(weight, value)| (weight * (value - mean)).powi(2))
            .sum();
        let half = student_reach(self.of.len()).map(|t| t * (k / (k - 1.0) * squares).sqrt());
        let ends = half.map(|half| [mean - half, mean + half]);
        set_interval(&mut row, ends, |end| end.clamp(-1.0, 1.0));
        row
    }

    /// Over the groups that have a z; the others are named.
    fn fisher(&self, bounded: &[Group<'_>], extreme: &[Group<'_>]) -> Option<Row> {
        let values: Vec<f64> = bounded.iter().map(|group| group.value).collect();
        let mean = fisher_mean(&values)?;
        let mut row = self.row("fisher_z", bounded, mean);
        let on_z: Vec<f64> = values.iter().copied().map(fisher_z).collect();
        set_interval(&mut row, student(&on_z), f64::tanh);
        if !extreme.is_empty() {
            let names: Vec<String> = extreme
                .iter()
                .take(NAMED)
                .map(|group| format!("`{}`", group.name))
                .collect();
            let more = match extreme.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            row.add_note(&format!(
                "{} left out, for a coefficient of exactly 1 or -1, or of two items, has no z: {}{more}",
                counted(extreme.len()),
                names.join(", ")
            ));
        }
        Some(row)
    }

    fn legacy(&self) -> Row {
        let values: Vec<f64> = self.of.iter().map(|group| group.value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut row = self.row("tanh_of_mean", self.of, mean.tanh());
        set_interval(&mut row, student(&values), |end| {
            end.clamp(-1.0, 1.0).tanh()
        });
        row.add_note(
            "a published slip for Fisher's mean: it lacks the atanh; only for comparison with tables that used it",
        );
        row
    }
}

fn counted(groups: usize) -> String {
    format!("{groups} group{}", if groups == 1 { "" } else { "s" })
}

/// Student's interval of a mean; nothing for one value.
fn student(values: &[f64]) -> Option<[f64; 2]> {
    let found = mean(values).ok()?;
    let half = student_reach(values.len())? * found.standard_error;
    Some([found.estimate.value - half, found.estimate.value + half])
}

fn set_interval(row: &mut Row, ends: Option<[f64; 2]>, back: impl Fn(f64) -> f64) {
    row.ci = ends.map(|ends| ends.map(back));
    match row.ci {
        Some(_) => {
            row.ci_method = Some("Student's t over groups, taken as a sample of groups".to_owned());
        }
        None => row.add_note("no interval: one group does not show how groups vary"),
    }
    row.warn_of_no_width();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_groups(judged: &[f64], human: &[f64], groups: &[&str]) -> Vec<Row> {
        let draws = Draws {
            clusters: None,
            plan: crate::stats::resample::Plan::default(),
        };
        rows(&PairedSample::new(judged, human).unwrap(), groups, draws).unwrap()
    }

    fn named<'a>(rows: &'a [Row], name: &str) -> &'a Row {
        rows.iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn averages_are_named_and_differ() {
        let judged = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let human = [1.0, 2.0, 3.0, 5.0, 4.0, 5.0, 3.0, 4.0, 1.0, 2.0];
        let groups = ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"];
        let rows = of_groups(&judged, &human, &groups);
        let of = |name| named(&rows, name).value.unwrap();
        // Spearman's rho is 0.9 in `a` and -0.8 in `b`.
        assert!((of("spearman_mean") - 0.05).abs() < 1e-12);
        assert!((of("spearman_weighted_mean") - 0.05).abs() < 1e-12);
        assert!((of("spearman_tanh_of_mean") - 0.05_f64.tanh()).abs() < 1e-12);
        let fisher = ((0.9_f64.atanh() - 0.8_f64.atanh()) / 2.0).tanh();
        assert!((of("spearman_fisher_z_mean") - fisher).abs() < 1e-12);
    }

    /// scipy 1.17.1: `t.interval(0.95, 2, mean(z), sem(z))` of z = arctanh([0.9, 0.7, 0.6]), and of the values.
    #[test]
    fn averages_have_students_interval_over_groups() {
        let group = |value, n| Row {
            value: Some(value),
            n,
            ..Row::undefined("", n, &too_few())
        };
        let rows = [group(0.9, 5), group(0.7, 5), group(0.6, 5)];
        let found = averages("spearman", &rows.iter().collect::<Vec<_>>(), 3);
        let near = |name: &str, low: f64, high: f64| {
            let [got_low, got_high] = named(&found, name).ci.unwrap();
            assert!(
                (got_low - low).abs() < 1e-9 && (got_high - high).abs() < 1e-9,
                "{name} {got_low} {got_high}"
            );
        };
        near("spearman_mean", 0.353_875_029_973_657_4, 1.0);
        near("spearman_weighted_mean", 0.353_875_029_973_657_4, 1.0);
        near(
            "spearman_fisher_z_mean",
            -0.004_882_268_642_874_975,
            0.965_863_540_390_233_7,
        );
        near(
            "spearman_tanh_of_mean",
            0.353_875_029_973_657_4_f64.tanh(),
            1.0_f64.tanh(),
        );
    }

    fn too_few() -> StatsError {
        StatsError::TooFew {
            statistic: "",
            needed: 0,
            got: 0,
        }
    }

    #[test]
    fn a_group_without_a_coefficient_is_shown_and_left_out_of_the_average() {
        let judged = [1.0, 2.0, 3.0, 4.0, 7.0, 7.0];
        let human = [1.0, 2.0, 4.0, 3.0, 1.0, 2.0];
        let rows = of_groups(&judged, &human, &["a", "a", "a", "a", "b", "b"]);
        let undefined: Vec<&Row> = rows.iter().filter(|row| row.value.is_none()).collect();
        assert_eq!(undefined.len(), 3);
        assert!(
            undefined
                .iter()
                .all(|row| row.group.as_deref() == Some("b") && row.note.is_some())
        );
        let average = named(&rows, "spearman_mean");
        assert!(average.convention.contains("1 of 2 groups"), "{average:?}");
        assert_eq!(average.ci, None);
    }

    #[test]
    fn groups_without_a_z_are_named_and_left_out_of_fishers_mean() {
        let judged = [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0];
        let human = [1.0, 2.0, 4.0, 3.0, 1.0, 2.0, 2.0, 1.0, 3.0, 4.0];
        let groups = ["a", "a", "a", "a", "two", "two", "c", "c", "c", "c"];
        let rows = of_groups(&judged, &human, &groups);
        let fisher = named(&rows, "spearman_fisher_z_mean");
        assert!((fisher.value.unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(fisher.n, 2);
        let note = fisher.note.as_deref().unwrap();
        assert!(
            note.contains("1 group left out") && note.contains("`two`"),
            "{note}"
        );
        let mean = named(&rows, "spearman_mean");
        assert!((mean.value.unwrap() - 2.6 / 3.0).abs() < 1e-12);
        assert!(mean.note.as_deref().unwrap().contains("exactly 1 or -1"));
    }
}
