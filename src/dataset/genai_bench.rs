//! GenAI-Bench votes (TIGER-Lab): `votes.tsv`, one line per judge and comparison.
//!
//! Columns `task`, `judge`, `idx`, `human_vote`, `model_vote`, `correct`. People chose one of four; a judge's vote
//! is what stood in the double brackets of its answer, cut off after some length, or `NA` where there was none.

use std::path::Path;

use super::DatasetError;
use super::delimited::{Delimited, Delimiter};

/// What people, or a judge, said of two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vote {
    /// The left one, A, is better.
    Left,
    /// The right one, B, is better.
    Right,
    /// Both are good.
    BothGood,
    /// Both are bad.
    BothBad,
}

/// A comparison and one judge's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// `image_generation`, `image_edition` or `video_generation`.
    pub task: String,
    /// The judge.
    pub judge: String,
    /// Number of the comparison within the task.
    pub index: String,
    /// What people said.
    pub human: Vote,
    /// What the judge wrote, brackets included.
    pub answer: String,
    /// Whether the authors counted it as right.
    pub counted_right: bool,
}

/// Reads `votes.tsv`.
///
/// # Errors
/// A file that cannot be read, is truncated or is not of this format.
pub fn read(path: &Path) -> Result<Vec<Comparison>, DatasetError> {
    comparisons(&Delimited::read(path, Delimiter::Tab)?)
}

fn comparisons(file: &Delimited) -> Result<Vec<Comparison>, DatasetError> {
    let [task, judge, index, human, answer, correct] = file.columns([
        "task",
        "judge",
        "idx",
        "human_vote",
        "model_vote",
        "correct",
    ])?;
    file.records
        .iter()
        .map(|record| {
            let cells = &record.cells;
            let human = match cells[human].as_str() {
                "leftvote" => Vote::Left,
                "rightvote" => Vote::Right,
                "tievote" => Vote::BothGood,
                "bothbad_vote" => Vote::BothBad,
                other => {
                    return Err(file.at(
                        record,
                        format!("`human_vote` is `{other}`; expected `leftvote`, `rightvote`, `tievote` or `bothbad_vote`"),
                    ));
                }
            };
            let counted_right = match cells[correct].as_str() {
                "1" => true,
                "0" => false,
                other => {
                    return Err(file.at(record, format!("`correct` is `{other}`, not 0 or 1")));
                }
            };
            Ok(Comparison {
                task: cells[task].clone(),
                judge: cells[judge].clone(),
                index: cells[index].clone(),
                human,
                answer: cells[answer].clone(),
                counted_right,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOTES: &str = "task\tjudge\tidx\thuman_vote\tmodel_vote\tcorrect\n\
        image_generation\tllava\t0\trightvote\t[[A>B]]\t0\n\
        image_generation\totter\t0\ttievote\t[[\"Good\" and \"B\" have bee\t0\n\
        image_generation\tllava\t1\tbothbad_vote\tNA\t0\n";

    fn parse(text: &str) -> Result<Vec<Comparison>, DatasetError> {
        comparisons(&Delimited::parse(
            "votes.tsv".into(),
            text.as_bytes(),
            Delimiter::Tab,
        )?)
    }

    #[test]
    fn votes_are_read_and_answers_left_as_they_are() {
        let votes = parse(VOTES).unwrap();
        let human: Vec<Vote> = votes.iter().map(|vote| vote.human).collect();
        assert_eq!(human, [Vote::Right, Vote::BothGood, Vote::BothBad]);
        assert_eq!(votes[1].answer, "[[\"Good\" and \"B\" have bee");
        assert_eq!(votes[2].answer, "NA");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            (
                VOTES.replace("tievote", "tie"),
                "line 3: `human_vote` is `tie`",
            ),
            (
                VOTES[..VOTES.len() - 2].to_owned(),
                "line 4: `correct` is ``",
            ),
            (VOTES[..VOTES.len() - 3].to_owned(), "line 4: 5 cells"),
            (VOTES.replace("judge", "model"), "no column `judge`"),
        ];
        for (text, reason) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }
}
