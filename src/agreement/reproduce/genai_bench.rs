//! GenAI-Bench (TIGER-Lab): judges that choose between two outputs, or call both good or both bad.
//!
//! The leaderboard ranks by accuracy, which a judge with one answer for everything also earns; kappa, the
//! share of the commonest answer and the best constant answer stand beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use super::published::{Published, half_a_digit};
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::DatasetError;
use crate::dataset::genai_bench::{self, Comparison, Vote};
use crate::stats::calibration::{BinomialInterval, binomial_interval};
use crate::stats::raters::{KappaWeights, cohen_kappa_of_table};
use crate::stats::{DEFAULT_LEVEL, Estimate, StatsError};

const NAME: &str = "genai-bench";
const FILE: &str = "votes.tsv";
const READING: &str = "one of four answers, to the letter; any other text is wrong";
/// From this share on, one answer is all that a judge has to say.
const NEARLY_CONSTANT: f64 = 0.95;

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("genai_bench.csv")));

/// Reads the authors' votes and recomputes accuracy and kappa of each judge.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let path = folder.join(FILE);
    let comparisons = genai_bench::read(&path)?;
    let mut groups: BTreeMap<(&str, &str), Vec<&Comparison>> = BTreeMap::new();
    for comparison in &comparisons {
        groups
            .entry((&comparison.task, &comparison.judge))
            .or_default()
            .push(comparison);
    }
    let mut most: BTreeMap<&str, usize> = BTreeMap::new();
    for ((task, _), group) in &groups {
        let most = most.entry(task).or_default();
        *most = group.len().max(*most);
    }
    let mut rows = Vec::new();
    for ((task, judge), group) in groups {
        let tally = Tally::of(&group);
        if tally.right != tally.counted_right {
            return Err(ReproduceError::Dataset(DatasetError {
                path: path.display().to_string(),
                byte: 0,
                reason: format!(
                    "`{judge}` on `{task}`: `correct` says {} right answers, the votes give {}",
                    tally.counted_right, tally.right
                ),
            }));
        }
        let mut found = tally.rows(task, judge);
        if tally.n < most[task] {
            let missing = format!("only {} of {} comparisons are here", tally.n, most[task]);
            found = found.into_iter().map(|row| row.noting(&missing)).collect();
        }
        rows.extend(found);
    }
    Ok(Reproduction { name: NAME, rows })
}

/// The four answers, as people and judges give them, and a fifth for text that is none of them.
const LEVELS: usize = 5;
const UNREAD: usize = 4;

/// Which answer people gave, as a position.
fn human_level(vote: Vote) -> usize {
    match vote {
        Vote::Left => 0,
        Vote::Right => 1,
        Vote::BothGood => 2,
        Vote::BothBad => 3,
    }
}

/// The answers that the judge's text stands for: `[[A=B]]` is right for both kinds of tie, as the authors count.
fn judge_levels(answer: &str) -> &'static [usize] {
    match answer {
        "[[A>B]]" => &[0],
        "[[B>A]]" => &[1],
        "[[A=B=Good]]" => &[2],
        "[[A=B=Bad]]" => &[3],
        "[[A=B]]" => &[2, 3],
        _ => &[UNREAD],
    }
}

/// One judge's answers on one task.
struct Tally {
    n: usize,
    right: usize,
    counted_right: usize,
    /// By the judge's answer (row) and people's (column).
    table: Vec<Vec<u64>>,
}

impl Tally {
    fn of(group: &[&Comparison]) -> Self {
        let mut tally = Tally {
            n: group.len(),
            right: 0,
            counted_right: 0,
            table: vec![vec![0; LEVELS]; LEVELS],
        };
        for comparison in group {
            let human = human_level(comparison.human);
            let judge = judge_levels(&comparison.answer);
            tally.right += usize::from(judge.contains(&human));
            tally.counted_right += usize::from(comparison.counted_right);
            let level = if judge.contains(&human) {
                human
            } else {
                judge[0]
            };
            tally.table[level][human] += 1;
        }
        tally
    }

    /// How often each answer was given, by the judge or by people.
    fn judged(&self) -> [u64; LEVELS] {
        std::array::from_fn(|level| self.table[level].iter().sum())
    }

    fn human(&self) -> [u64; LEVELS] {
        std::array::from_fn(|level| self.table.iter().map(|row| row[level]).sum())
    }

    fn rows(&self, task: &str, judge: &str) -> Vec<Row> {
        let keys = || Keys::new([("task", task), ("judge", judge)]);
        let judged = self.judged();
        let commonest = judged.iter().copied().max().unwrap_or(0);
        let best_constant = self.human().iter().copied().max().unwrap_or(0);
        let mut accuracy = Row::found(
            keys(),
            "accuracy_percent",
            self.n,
            percent(self.right as u64, self.n),
            format!("{READING}; `[[A=B]]` is right for both kinds of tie"),
        );
        if let Some(published) = PUBLISHED.get(&[judge, task]) {
            accuracy = accuracy.against(published, half_a_digit(2));
        }
        let kappa = cohen_kappa_of_table(&self.table, KappaWeights::Unweighted);
        let constant = Row::found(
            keys(),
            "best_constant_answer_percent",
            self.n,
            percent(best_constant, self.n),
            "accuracy of the one answer that people gave most often",
        );
        let share = Row::found(
            keys(),
            "commonest_answer_percent",
            self.n,
            percent(commonest, self.n),
            "share of the judge's commonest answer; text that is no answer counts as one",
        );
        if let Some(note) = self.note(&judged, commonest, best_constant) {
            accuracy = accuracy.noting(note);
        }
        let kappa = Row::found(
            keys(),
            "cohen_kappa",
            self.n,
            kappa.map(|kappa| kappa.estimate),
            format!("unweighted; {READING}"),
        );
        vec![accuracy, kappa, share, constant]
    }

    fn note(&self, judged: &[u64; LEVELS], commonest: u64, best_constant: u64) -> Option<String> {
        let n = self.n;
        if judged[UNREAD] == n as u64 {
            return Some(format!("none of the {n} answers can be read"));
        }
        if commonest as f64 >= NEARLY_CONSTANT * n as f64 {
            return Some(format!(
                "nearly constant: one answer {commonest} times in {n}; its rank comes from how often people chose that answer"
            ));
        }
        (self.right as u64 <= best_constant).then(|| {
            format!("no better than a constant answer, right {best_constant} times in {n}")
        })
    }
}

fn percent(count: u64, n: usize) -> Result<Estimate, StatsError> {
    let successes = usize::try_from(count).expect("no more than the comparisons in memory");
    let mut interval = binomial_interval(successes, n, DEFAULT_LEVEL, BinomialInterval::Wilson)?;
    interval.low *= 100.0;
    interval.high *= 100.0;
    let value = 100.0 * count as f64 / n as f64;
    Ok(Estimate::new("percent", value, n, READING).with_interval(interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "task\tjudge\tidx\thuman_vote\tmodel_vote\tcorrect\n";

    fn rows(lines: &[(&str, &str, &str, u8)]) -> Result<Vec<Row>, ReproduceError> {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = lines
            .iter()
            .enumerate()
            .map(|(index, (judge, human, answer, correct))| {
                format!("image_generation\t{judge}\t{index}\t{human}\t{answer}\t{correct}\n")
            })
            .collect();
        std::fs::write(folder.path().join(FILE), format!("{HEAD}{lines}")).unwrap();
        recompute(folder.path()).map(|table| table.rows)
    }

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 64);
        assert_eq!(PUBLISHED.get(&["llava", "image_generation"]), Some(37.0));
    }

    #[test]
    fn answers_are_read_to_the_letter_and_other_text_is_wrong() {
        let rows = rows(&[
            ("gpt4o", "leftvote", "[[A>B]]", 1),
            ("gpt4o", "rightvote", "[[ B>A ]]", 0),
            ("gpt4o", "tievote", "[[A=B]]", 1),
            ("gpt4o", "bothbad_vote", "[[A=B=Bad]]", 1),
        ])
        .unwrap();
        let [accuracy, kappa, share, constant] = &rows[..] else {
            panic!("four rows for each judge");
        };
        assert_eq!((accuracy.statistic, accuracy.n), ("accuracy_percent", 4));
        assert!((accuracy.value.unwrap() - 75.0).abs() < 1e-12);
        assert_eq!(accuracy.published, Some(45.59));
        // Observed 3/4; by chance 3 * (1/4 * 1/4): (3/4 - 3/16) / (13/16).
        assert!((kappa.value.unwrap() - 9.0 / 13.0).abs() < 1e-12);
        assert!((share.value.unwrap() - 25.0).abs() < 1e-12);
        assert!((constant.value.unwrap() - 25.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_judge_is_called_so_and_has_no_kappa() {
        let rows = rows(&[
            ("llava", "leftvote", "[[A>B]]", 1),
            ("llava", "leftvote", "[[A>B]]", 1),
            ("llava", "rightvote", "[[A>B]]", 0),
            ("otter", "leftvote", "NA", 0),
            ("otter", "tievote", "[[\"Good\" and", 0),
        ])
        .unwrap();
        assert!(
            rows[0]
                .note
                .as_ref()
                .unwrap()
                .starts_with("nearly constant")
        );
        assert_eq!(rows[1].value, None);
        assert!(rows[1].note.as_ref().unwrap().contains("one level only"));
        assert!(rows[4].note.as_ref().unwrap().contains("can be read"));
        assert_eq!((rows[4].value, rows[5].value), (Some(0.0), None));
        let few = rows[4].note.as_ref().unwrap();
        assert!(few.ends_with("only 2 of 3 comparisons are here"), "{few}");
    }

    #[test]
    fn verdicts_that_contradict_the_votes_are_an_error() {
        let error = rows(&[("gpt4o", "leftvote", "[[B>A]]", 1)]).unwrap_err();
        assert!(error.to_string().contains("`correct` says 1"), "{error}");
    }
}
