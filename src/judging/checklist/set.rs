//! A set of questions about one image, checked.

use std::collections::{BTreeMap, BTreeSet};

/// Most questions of one set.
const MOST: usize = 1_024;

/// A question of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct ChecklistQuestion {
    /// Its id, unique in the set.
    pub id: String,
    /// The question.
    pub text: String,
    /// The answer that an image as it should be gets.
    pub wanted: WantedAnswer,
    /// Kind of what is asked about, such as `color` or `counting`; for figures by kind.
    pub kind: Option<String>,
    /// What is asked about, such as `surfer`.
    pub element: Option<String>,
    /// Weight in weighted sums; may be negative for what should not be seen.
    pub weight: f64,
    /// Ids of the questions that must be answered as wanted for this one to make sense.
    pub parents: Vec<String>,
}

/// The answer that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedAnswer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// One of several answers.
    Choice {
        /// All of them, two or more, distinct.
        options: Vec<String>,
        /// The position of the right one.
        right: usize,
    },
}

/// What is wrong with a set of questions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChecklistError {
    /// No question at all.
    #[error("the set has no question; nothing would be looked at")]
    Empty,
    /// Too many.
    #[error("the set has {n} questions; it may have {MOST}")]
    TooMany {
        /// How many.
        n: usize,
    },
    /// Two questions share an id.
    #[error("two questions have the id `{id}`; ids tell parents and answers apart")]
    SameId {
        /// The id.
        id: String,
    },
    /// A question without a text.
    #[error("question `{id}` has no text")]
    NoText {
        /// Its id.
        id: String,
    },
    /// A parent that is not in the set.
    #[error("question `{id}` depends on `{parent}`, which is not in the set")]
    UnknownParent {
        /// The question.
        id: String,
        /// The parent.
        parent: String,
    },
    /// Questions that depend on each other.
    #[error("questions depend on each other in a circle: {}", circle.join(" -> "))]
    Circle {
        /// The circle, its first question again at the end.
        circle: Vec<String>,
    },
    /// Answers that are fewer than two, or alike, or the right one is not among them.
    #[error("question `{id}`: {detail}")]
    Answers {
        /// The question.
        id: String,
        /// What is wrong.
        detail: String,
    },
    /// A line that could not be read.
    #[error("line {line}: {detail}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong and what was expected.
        detail: String,
    },
}

/// Questions with unique ids, known parents and no circle; in the order in which they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionSet {
    questions: Vec<ChecklistQuestion>,
    /// For each question the positions of its parents.
    parents: Vec<Vec<usize>>,
}

impl QuestionSet {
    /// Checks a set.
    ///
    /// # Errors
    /// [`ChecklistError`], which names the question.
    pub fn new(questions: Vec<ChecklistQuestion>) -> Result<Self, ChecklistError> {
        if questions.is_empty() {
            return Err(ChecklistError::Empty);
        }
        if questions.len() > MOST {
            return Err(ChecklistError::TooMany { n: questions.len() });
        }
        let mut at: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, question) in questions.iter().enumerate() {
            check(question)?;
            if at.insert(&question.id, place).is_some() {
                return Err(ChecklistError::SameId {
                    id: question.id.clone(),
                });
            }
        }
        let mut parents = Vec::with_capacity(questions.len());
        for question in &questions {
            let found = question.parents.iter().map(|parent| {
                at.get(parent.as_str())
                    .copied()
                    .ok_or_else(|| ChecklistError::UnknownParent {
                        id: question.id.clone(),
                        parent: parent.clone(),
                    })
            });
            parents.push(found.collect::<Result<Vec<usize>, _>>()?);
        }
        let set = QuestionSet { questions, parents };
        match set.circle() {
            None => Ok(set),
            Some(circle) => Err(ChecklistError::Circle { circle }),
        }
    }

    /// The questions.
    pub fn questions(&self) -> &[ChecklistQuestion] {
        &self.questions
    }

    /// Positions of the parents of the question at this position.
    pub fn parents(&self, at: usize) -> &[usize] {
        &self.parents[at]
    }

    /// The ids of a circle, where there is one.
    fn circle(&self) -> Option<Vec<String>> {
        let mut done = BTreeSet::new();
        for start in 0..self.questions.len() {
            let mut path = Vec::new();
            if let Some(circle) = self.walk(start, &mut path, &mut done) {
                let ids = circle.into_iter().map(|at| self.questions[at].id.clone());
                return Some(ids.collect());
            }
        }
        None
    }

    /// Walks up from a question; a question that is on the path already closes a circle.
    fn walk(
        &self,
        at: usize,
        path: &mut Vec<usize>,
        done: &mut BTreeSet<usize>,
    ) -> Option<Vec<usize>> {
        if let Some(begin) = path.iter().position(|seen| *seen == at) {
            let mut circle = path[begin..].to_vec();
            circle.push(at);
            return Some(circle);
        }
        if done.contains(&at) {
            return None;
        }
        path.push(at);
        for parent in &self.parents[at] {
            if let Some(circle) = self.walk(*parent, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        done.insert(at);
        None
    }
}

fn check(question: &ChecklistQuestion) -> Result<(), ChecklistError> {
    if question.text.trim().is_empty() {
        return Err(ChecklistError::NoText {
            id: question.id.clone(),
        });
    }
    let wrong = |detail: String| {
        Err(ChecklistError::Answers {
            id: question.id.clone(),
            detail,
        })
    };
    if !question.weight.is_finite() {
        return wrong("its weight is not a finite number".to_owned());
    }
    let WantedAnswer::Choice { options, right } = &question.wanted else {
        return Ok(());
    };
    let distinct: BTreeSet<String> = options.iter().map(|option| option.to_lowercase()).collect();
    if options.len() < 2 || distinct.len() != options.len() {
        return wrong("it needs two or more answers that differ in more than case".to_owned());
    }
    if *right >= options.len() {
        return wrong("its right answer is not among its answers".to_owned());
    }
    Ok(())
}

#[cfg(test)]
pub(super) fn yes(id: &str, parents: &[&str]) -> ChecklistQuestion {
    ChecklistQuestion {
        id: id.to_owned(),
        text: format!("is there {id}?"),
        wanted: WantedAnswer::Yes,
        kind: None,
        element: None,
        weight: 1.0,
        parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_do_not_hold_are_refused_by_name() {
        let refused = |questions: Vec<ChecklistQuestion>| QuestionSet::new(questions).unwrap_err();
        assert_eq!(refused(Vec::new()), ChecklistError::Empty);
        assert_eq!(
            refused(vec![yes("a", &[]), yes("a", &[])]),
            ChecklistError::SameId { id: "a".to_owned() }
        );
        assert!(matches!(
            refused(vec![yes("a", &["b"])]),
            ChecklistError::UnknownParent { .. }
        ));
        let circle = refused(vec![yes("a", &["b"]), yes("b", &["c"]), yes("c", &["a"])]);
        assert_eq!(
            circle.to_string(),
            "questions depend on each other in a circle: a -> b -> c -> a"
        );
        assert!(matches!(
            refused(vec![yes("a", &["a"])]),
            ChecklistError::Circle { .. }
        ));
        let mut choice = yes("a", &[]);
        choice.wanted = WantedAnswer::Choice {
            options: vec!["Red".to_owned(), "red".to_owned()],
            right: 0,
        };
        assert!(matches!(
            refused(vec![choice]),
            ChecklistError::Answers { .. }
        ));
        let mut silent = yes("a", &[]);
        silent.text = " ".to_owned();
        assert!(matches!(
            refused(vec![silent]),
            ChecklistError::NoText { .. }
        ));
        let many = (0..=MOST).map(|at| yes(&at.to_string(), &[])).collect();
        assert!(matches!(refused(many), ChecklistError::TooMany { .. }));
    }

    #[test]
    fn a_diamond_is_no_circle() {
        let set = QuestionSet::new(vec![
            yes("d", &["b", "c"]),
            yes("b", &["a"]),
            yes("c", &["a"]),
            yes("a", &[]),
        ]);
        assert_eq!(set.unwrap().parents(0), [1, 2]);
    }
}
