//! From the answers of a checklist to one score, by named rules.

use super::set::{ChecklistQuestion, QuestionSet, WantedAnswer};
use crate::judging::{Reason, Unscored};

/// How answers become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecklistRule {
    /// Mean over the questions: TIFA (Hu et al. 2023, arXiv 2303.11897, equation 1); DSG without its graph.
    Mean,
    /// The least.
    Minimum,
    /// Product, as though the answers were independent: T2I-CompBench's BLIP-VQA (arXiv 2307.06350).
    Product,
    /// `sum w (2 p - 1)`: VisionReward's checklist (arXiv 2412.21059), where yes counts +1 and no -1. Its scale is that of
    /// the weights, not 0..=1.
    Weighted,
    /// Mean after zeroing every question of which a parent's own answer is not as wanted: DSG as its authors run it (Cho
    /// et al. 2023, arXiv 2310.18235, their repository). Parents count with their raw answers, so that zeroing reaches one
    /// level only.
    RawParents,
    /// The same in place, in the order of the questions, so that what was zeroed zeroes its children in turn: DPG-Bench
    /// (arXiv 2403.05135, its repository). Depends on the order.
    InPlace,
    /// Mean of each probability times those of all its ancestors: the graph without any threshold.
    SoftAncestors,
}

impl ChecklistRule {
    /// Every rule.
    pub const ALL: [ChecklistRule; 7] = [
        ChecklistRule::Mean,
        ChecklistRule::Minimum,
        ChecklistRule::Product,
        ChecklistRule::Weighted,
        ChecklistRule::RawParents,
        ChecklistRule::InPlace,
        ChecklistRule::SoftAncestors,
    ];

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            ChecklistRule::Mean => "mean",
            ChecklistRule::Minimum => "minimum",
            ChecklistRule::Product => "product",
            ChecklistRule::Weighted => "weighted",
            ChecklistRule::RawParents => "dsg",
            ChecklistRule::InPlace => "dpg",
            ChecklistRule::SoftAncestors => "soft-ancestors",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// Whether answers count as probabilities or as verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hardness {
    /// The probability of the wanted answer.
    #[default]
    Probability,
    /// 1 where the wanted answer has more than half of the mass of yes and no, or the most of several; else 0.
    Verdict,
}

/// What becomes of a question that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingAnswer {
    /// There is no score: a failed answer is never a number.
    #[default]
    Unscored,
    /// The others decide.
    LeftOut,
    /// It counts as not as wanted, as DSG and TIFA count it.
    Wrong,
}

impl Hardness {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            Hardness::Probability => "probability",
            Hardness::Verdict => "verdict",
        }
    }
}

impl MissingAnswer {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            MissingAnswer::Unscored => "unscored",
            MissingAnswer::LeftOut => "left-out",
            MissingAnswer::Wrong => "wrong",
        }
    }
}

/// A checklist that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The score.
    pub score: f64,
    /// For each question what it counts, after the rule's zeroing; nothing where it has no answer and is left out.
    pub counted: Vec<Option<f64>>,
    /// Questions with an answer.
    pub answered: usize,
    /// Means by kind of question, in the order of the kinds' first questions.
    pub by_kind: Vec<KindScore>,
    /// Positions of the questions whose own answer is not as wanted, the surest first: what is wrong with the image.
    pub wrong: Vec<usize>,
}

/// The mean of one kind of question.
#[derive(Debug, Clone, PartialEq)]
pub struct KindScore {
    /// The kind.
    pub kind: String,
    /// Mean of what its questions count.
    pub score: f64,
    /// How many.
    pub n: usize,
}

/// Combines answers: for each question of the set the probability of each of its options.
///
/// For a question of yes and no that is `[yes, no]`.
///
/// # Errors
/// Whatever the first unanswered question failed with, unless `missing` says what becomes of it; a set of which no
/// question is answered; answers that do not fit their questions.
pub fn aggregate(
    set: &QuestionSet,
    answers: &[Result<Vec<f64>, Unscored>],
    rule: ChecklistRule,
    hardness: Hardness,
    missing: MissingAnswer,
) -> Result<Checked, Unscored> {
    let unfit = |detail: String| Unscored::new(Reason::NotApplicable, detail);
    if answers.len() != set.questions().len() {
        return Err(unfit(format!(
            "{} answers for {} questions",
            answers.len(),
            set.questions().len()
        )));
    }
    let mut own = Vec::with_capacity(answers.len());
    for (question, answer) in set.questions().iter().zip(answers) {
        own.push(match (answer, missing) {
            (Ok(shares), _) => Some(wanted_share(question, shares, hardness).ok_or_else(|| {
                unfit(format!(
                    "question `{}` has {} probabilities, which are not those of its options",
                    question.id,
                    shares.len()
                ))
            })?),
            (Err(unscored), MissingAnswer::Unscored) => return Err(unscored.clone()),
            (Err(_), MissingAnswer::LeftOut) => None,
            (Err(_), MissingAnswer::Wrong) => Some(0.0),
        });
    }
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    if answered == 0 {
        let first = answers.iter().find_map(|answer| answer.as_ref().err());
        return Err(first
            .cloned()
            .unwrap_or_else(|| unfit("no question was answered".to_owned())));
    }
    let counted = zeroed(set, &own, rule);
    let score = combined(set, &counted, rule)
        .ok_or_else(|| unfit("no question counts, so that there is no score".to_owned()))?;
    let mut wrong: Vec<(usize, f64)> = answers
        .iter()
        .zip(set.questions())
        .enumerate()
        .filter_map(|(at, (answer, question))| {
            let shares = answer.as_ref().ok()?;
            let share = wanted_share(question, shares, Hardness::Probability)?;
            let verdict = wanted_share(question, shares, Hardness::Verdict)?;
            (verdict < 0.5).then_some((at, share))
        })
        .collect();
    wrong.sort_by(|one, other| one.1.total_cmp(&other.1));
    Ok(Checked {
        score,
        answered,
        by_kind: by_kind(set, &counted),
        counted,
        wrong: wrong.into_iter().map(|(at, _)| at).collect(),
    })
}

/// Probability of the wanted answer, or 1 and 0 for a verdict; nothing where the shares are not of this question.
fn wanted_share(question: &ChecklistQuestion, shares: &[f64], hardness: Hardness) -> Option<f64> {
    let (options, right) = match &question.wanted {
        WantedAnswer::Yes => (2, 0),
        WantedAnswer::No => (2, 1),
        WantedAnswer::Choice { options, right } => (options.len(), *right),
    };
    if shares.len() != options || shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
        return None;
    }
    Some(match hardness {
        Hardness::Probability => shares[right],
        Hardness::Verdict => {
            let others = shares.iter().enumerate().filter(|(at, _)| *at != right);
            let most = others.map(|(_, share)| *share).fold(0.0, f64::max);
            f64::from(u8::from(shares[right] > most))
        }
    })
}

/// What each question counts after its parents had their say.
fn zeroed(set: &QuestionSet, own: &[Option<f64>], rule: ChecklistRule) -> Vec<Option<f64>> {
    let fails = |value: Option<f64>| value.is_none_or(|value| value < 0.5);
    match rule {
        ChecklistRule::Mean
        | ChecklistRule::Minimum
        | ChecklistRule::Product
        | ChecklistRule::Weighted => own.to_vec(),
        ChecklistRule::RawParents => (0..own.len())
            .map(|at| {
                let orphaned = set.parents(at).iter().any(|parent| fails(own[*parent]));
                own[at].map(|value| if orphaned { 0.0 } else { value })
            })
            .collect(),
        ChecklistRule::InPlace => {
            let mut counted = own.to_vec();
            for at in 0..own.len() {
                if set.parents(at).iter().any(|parent| fails(counted[*parent])) {
                    counted[at] = counted[at].map(|_| 0.0);
                }
            }
            counted
        }
        ChecklistRule::SoftAncestors => {
            let mut known = vec![None; own.len()];
            (0..own.len())
                .map(|at| own[at].map(|_| chain(set, own, at, &mut known)))
                .collect()
        }
    }
}

/// A question's probability times those of its distinct ancestors; an ancestor without an answer counts as wrong.
fn chain(
    set: &QuestionSet,
    own: &[Option<f64>],
    at: usize,
    known: &mut [Option<Vec<usize>>],
) -> f64 {
    let lineage = lineage(set, at, known);
    lineage.iter().map(|at| own[*at].unwrap_or(0.0)).product()
}

/// A question and its ancestors, each once.
fn lineage(set: &QuestionSet, at: usize, known: &mut [Option<Vec<usize>>]) -> Vec<usize> {
    if let Some(lineage) = &known[at] {
        return lineage.clone();
    }
    let mut all = vec![at];
    for parent in set.parents(at) {
        all.extend(lineage(set, *parent, known));
    }
    all.sort_unstable();
    all.dedup();
    known[at] = Some(all.clone());
    all
}

fn combined(set: &QuestionSet, counted: &[Option<f64>], rule: ChecklistRule) -> Option<f64> {
    let values: Vec<(f64, f64)> = set
        .questions()
        .iter()
        .zip(counted)
        .filter_map(|(question, value)| Some((question.weight, (*value)?)))
        .collect();
    if values.is_empty() {
        return None;
    }
    let only = values.iter().map(|(_, value)| *value);
    Some(match rule {
        ChecklistRule::Minimum => only.fold(f64::INFINITY, f64::min),
        ChecklistRule::Product => only.product(),
        ChecklistRule::Weighted => values
            .iter()
            .map(|(weight, value)| weight * (2.0 * value - 1.0))
            .sum(),
        ChecklistRule::Mean
        | ChecklistRule::RawParents
        | ChecklistRule::InPlace
        | ChecklistRule::SoftAncestors => only.sum::<f64>() / values.len() as f64,
    })
}

fn by_kind(set: &QuestionSet, counted: &[Option<f64>]) -> Vec<KindScore> {
    let mut kinds: Vec<KindScore> = Vec::new();
    for (question, value) in set.questions().iter().zip(counted) {
        let (Some(kind), Some(value)) = (&question.kind, value) else {
            continue;
        };
        match kinds.iter_mut().find(|known| known.kind == *kind) {
            // A sum until all are seen.
            Some(known) => {
                known.score += value;
                known.n += 1;
            }
            None => kinds.push(KindScore {
                kind: kind.clone(),
                score: *value,
                n: 1,
            }),
        }
    }
    for kind in &mut kinds {
        kind.score /= kind.n as f64;
    }
    kinds
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "worked cases are exact in binary, and a rule that rounds differently should be seen"
)]
mod tests {
    use super::super::set::yes;
    use super::*;

    /// A chain of four: d needs c, c needs b, b needs a; in an order in which a child stands before its parent too.
    fn chain_of_four() -> QuestionSet {
        QuestionSet::new(vec![
            yes("a", &[]),
            yes("b", &["a"]),
            yes("c", &["b"]),
            yes("d", &["c"]),
        ])
        .unwrap()
    }

    fn answers(yes: &[f64]) -> Vec<Result<Vec<f64>, Unscored>> {
        yes.iter()
            .map(|share| {
                if share.is_nan() {
                    Err(Unscored::new(Reason::Refused, "no"))
                } else {
                    Ok(vec![*share, 1.0 - share])
                }
            })
            .collect()
    }

    fn score(set: &QuestionSet, yes: &[f64], rule: ChecklistRule) -> f64 {
        let found = aggregate(
            set,
            &answers(yes),
            rule,
            Hardness::Verdict,
            MissingAnswer::Unscored,
        );
        found.unwrap().score
    }

    #[test]
    fn the_two_rules_of_zeroing_differ_where_they_should() {
        use ChecklistRule::{InPlace, Mean, RawParents};
        let set = chain_of_four();
        // The root is wrong: DSG zeroes its child only, DPG everything below it.
        let answers = [0.0, 1.0, 1.0, 1.0];
        assert_eq!(score(&set, &answers, Mean), 0.75);
        assert_eq!(score(&set, &answers, RawParents), 0.5);
        assert_eq!(score(&set, &answers, InPlace), 0.0);
        // The leaf is wrong: both agree.
        let answers = [1.0, 1.0, 1.0, 0.0];
        for rule in [Mean, RawParents, InPlace] {
            assert_eq!(score(&set, &answers, rule), 0.75);
        }
        // In place depends on the order: a child before its parent is zeroed by the parent's raw answer only.
        let turned =
            QuestionSet::new(vec![yes("c", &["b"]), yes("b", &["a"]), yes("a", &[])]).unwrap();
        let answers = [1.0, 1.0, 0.0];
        assert_eq!(score(&turned, &answers, RawParents), 1.0 / 3.0);
        assert_eq!(score(&turned, &answers, InPlace), 1.0 / 3.0);
        let straight = QuestionSet::new(vec![yes("a", &[]), yes("b", &["a"]), yes("c", &["b"])]);
        assert_eq!(score(&straight.unwrap(), &[0.0, 1.0, 1.0], InPlace), 0.0);
    }

    #[test]
    fn one_wrong_parent_of_two_is_enough() {
        let set = QuestionSet::new(vec![yes("a", &[]), yes("b", &[]), yes("c", &["a", "b"])]);
        let set = set.unwrap();
        assert_eq!(
            score(&set, &[1.0, 0.0, 1.0], ChecklistRule::RawParents),
            1.0 / 3.0
        );
    }

    #[test]
    fn probabilities_are_kept_where_no_threshold_is_named() {
        let set = chain_of_four();
        let soft = |rule| {
            aggregate(
                &set,
                &answers(&[0.9, 0.8, 0.5, 1.0]),
                rule,
                Hardness::Probability,
                MissingAnswer::Unscored,
            )
            .unwrap()
            .score
        };
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        assert!(near(soft(ChecklistRule::Mean), 0.8));
        assert!(near(soft(ChecklistRule::Product), 0.36));
        assert!(near(soft(ChecklistRule::Minimum), 0.5));
        assert!(near(
            soft(ChecklistRule::SoftAncestors),
            (0.9 + 0.72 + 0.36 + 0.36) / 4.0
        ));
        assert!(near(soft(ChecklistRule::Weighted), 0.8 + 0.6 + 0.0 + 1.0));
    }

    #[test]
    fn a_failed_answer_is_no_number_unless_a_rule_is_named() {
        let set = chain_of_four();
        let with = |missing| {
            aggregate(
                &set,
                &answers(&[1.0, f64::NAN, 1.0, 1.0]),
                ChecklistRule::RawParents,
                Hardness::Verdict,
                missing,
            )
        };
        assert_eq!(
            with(MissingAnswer::Unscored).unwrap_err().reason,
            Reason::Refused
        );
        // b is unknown, so that c, which needs it, counts nothing.
        let left_out = with(MissingAnswer::LeftOut).unwrap();
        assert_eq!(left_out.counted, [Some(1.0), None, Some(0.0), Some(1.0)]);
        assert_eq!((left_out.score, left_out.answered), (2.0 / 3.0, 3));
        assert_eq!(with(MissingAnswer::Wrong).unwrap().score, 0.5);
    }

    #[test]
    fn choices_negations_and_kinds_are_read() {
        let mut colour = yes("colour", &[]);
        colour.wanted = WantedAnswer::Choice {
            options: ["red", "blue", "green"].map(str::to_owned).to_vec(),
            right: 1,
        };
        colour.kind = Some("color".to_owned());
        let mut none = yes("people", &[]);
        none.wanted = WantedAnswer::No;
        let set = QuestionSet::new(vec![colour, none]).unwrap();
        let given = |shares: [Vec<f64>; 2], hardness| {
            aggregate(
                &set,
                &shares.map(Ok),
                ChecklistRule::Mean,
                hardness,
                MissingAnswer::Unscored,
            )
        };
        let soft = given([vec![0.2, 0.5, 0.3], vec![0.1, 0.9]], Hardness::Probability).unwrap();
        assert!((soft.score - 0.7).abs() < 1e-12);
        assert_eq!(soft.by_kind[0].kind, "color");
        assert!(soft.wrong.is_empty());
        let hard = given([vec![0.4, 0.35, 0.25], vec![0.9, 0.1]], Hardness::Verdict).unwrap();
        assert_eq!((hard.score, hard.wrong), (0.0, vec![1, 0]));
        assert!(given([vec![0.5, 0.5], vec![0.5, 0.5]], Hardness::Verdict).is_err());
    }
}
