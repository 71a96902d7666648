//! What the first stage takes from a text: entities, their relations, and questions about both.

use std::collections::BTreeSet;

use crate::judging::checklist::WantedAnswer;
use crate::judging::protocol::ClosedQuestion;

/// Most questions of one text.
const MOST: usize = 256;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Whether an entity looks real and pleasing.
    Appearance,
    /// Whether an entity is there, in its number, colour, size and so on.
    Intrinsic,
    /// Whether entities stand to each other as the text says.
    Relationship,
}

impl Aspect {
    /// Every aspect, in the order in which scores are written.
    pub const ALL: [Aspect; 3] = [Aspect::Appearance, Aspect::Intrinsic, Aspect::Relationship];

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Aspect::Appearance => "appearance",
            Aspect::Intrinsic => "intrinsic",
            Aspect::Relationship => "relationship",
        }
    }

    /// The aspect of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aspect| aspect.name() == name)
    }
}

/// What the text says of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Such as `color`, `quantity` or `existence`.
    pub kind: String,
    /// Such as `red`.
    pub value: String,
}

/// Something that the text wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// How entities stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// The entities.
    pub entities: Vec<String>,
    /// Such as `left of`.
    pub value: String,
}

/// A question about one aspect.
#[derive(Debug, Clone, PartialEq)]
pub struct AspectQuestion {
    /// Its id, unique.
    pub id: String,
    /// The aspect.
    pub aspect: Aspect,
    /// The question.
    pub text: String,
    /// Names of the entities that it is about.
    pub about: Vec<String>,
    /// The allowed answers and the one that the text wants, where it is a closed question; then nobody need compare.
    pub closed: Option<WantedAnswer>,
}

impl AspectQuestion {
    /// The allowed answers of a closed question and the place of the wanted one.
    pub(in crate::judging) fn options(&self) -> Option<(ClosedQuestion, usize)> {
        let text = self.text.as_str();
        let (closed, right) = match self.closed.as_ref()? {
            WantedAnswer::Yes => (ClosedQuestion::yes_no(text), 0),
            WantedAnswer::No => (ClosedQuestion::yes_no(text), 1),
            WantedAnswer::Choice { options, right } => (ClosedQuestion::new(text, options), *right),
        };
        Some((closed.expect("checked by Extracted::new"), right))
    }
}

/// Why an extraction cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractedError {
    /// Nothing would be looked at.
    #[error("the extraction has no question")]
    Empty,
    /// Too many.
    #[error("the extraction has {n} questions; it may have {MOST}")]
    TooMany {
        /// How many.
        n: usize,
    },
    /// Two questions share an id.
    #[error("two questions have the id `{id}`")]
    SameId {
        /// The id.
        id: String,
    },
    /// A question that cannot be asked.
    #[error("question `{id}`: {detail}")]
    Question {
        /// Its id.
        id: String,
        /// What is wrong.
        detail: String,
    },
}

/// Entities, relations and questions; every question can be asked, and every id stands once.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    entities: Vec<Entity>,
    relations: Vec<Relation>,
    questions: Vec<AspectQuestion>,
}

impl Extracted {
    /// Checks an extraction.
    ///
    /// # Errors
    /// [`ExtractedError`], which names the question.
    pub fn new(
        entities: Vec<Entity>,
        relations: Vec<Relation>,
        questions: Vec<AspectQuestion>,
    ) -> Result<Self, ExtractedError> {
        if questions.is_empty() {
            return Err(ExtractedError::Empty);
        }
        if questions.len() > MOST {
            return Err(ExtractedError::TooMany { n: questions.len() });
        }
        let mut ids = BTreeSet::new();
        for question in &questions {
            check(question)?;
            if !ids.insert(question.id.as_str()) {
                let id = question.id.clone();
                return Err(ExtractedError::SameId { id });
            }
        }
        Ok(Extracted {
            entities,
            relations,
            questions,
        })
    }

    /// The entities.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The relations.
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// The questions, in their order.
    pub fn questions(&self) -> &[AspectQuestion] {
        &self.questions
    }

    /// What the text says about what a question asks: its entities and the relations between them, or everything where
    /// the question names none that is known.
    pub fn structure(&self, question: &AspectQuestion) -> String {
        let is_about = |name: &String| {
            let mut about = question.about.iter();
            about.any(|about| about.eq_ignore_ascii_case(name))
        };
        let known = self.entities.iter().any(|entity| is_about(&entity.name));
        let mut lines = Vec::new();
        for entity in self
            .entities
            .iter()
            .filter(|one| !known || is_about(&one.name))
        {
            lines.push(format!("entity: {}", entity.name));
            for Attribute { kind, value } in &entity.attributes {
                lines.push(format!("- {kind}: {value}"));
            }
        }
        let relates = |relation: &&Relation| {
            question.aspect == Aspect::Relationship
                && (!known || relation.entities.iter().any(is_about))
        };
        for relation in self.relations.iter().filter(relates) {
            let entities = relation.entities.join(", ");
            lines.push(format!("relation between {entities}: {}", relation.value));
        }
        lines.join("\n")
    }
}

fn check(question: &AspectQuestion) -> Result<(), ExtractedError> {
    let wrong = |detail: String| {
        let id = question.id.clone();
        Err(ExtractedError::Question { id, detail })
    };
    if question.text.trim().is_empty() {
        return wrong("it has no text".to_owned());
    }
    let Some(WantedAnswer::Choice { options, right }) = &question.closed else {
        return Ok(());
    };
    if *right >= options.len() {
        return wrong("its wanted answer is not among its choices".to_owned());
    }
    match ClosedQuestion::new(question.text.as_str(), options) {
        Ok(_) => Ok(()),
        Err(error) => wrong(error.to_string()),
    }
}

#[cfg(test)]
pub(in crate::judging) fn asked(id: &str, aspect: Aspect, about: &str) -> AspectQuestion {
    AspectQuestion {
        id: id.to_owned(),
        aspect,
        text: format!("what of {about}?"),
        about: vec![about.to_owned()],
        closed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(name: &str, kind: &str, value: &str) -> Entity {
        Entity {
            name: name.to_owned(),
            attributes: vec![Attribute {
                kind: kind.to_owned(),
                value: value.to_owned(),
            }],
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_name() {
        let refused = |questions| Extracted::new(vec![], vec![], questions).unwrap_err();
        assert_eq!(refused(vec![]), ExtractedError::Empty);
        let twice = vec![
            asked("a", Aspect::Intrinsic, "cat"),
            asked("a", Aspect::Appearance, "cat"),
        ];
        let id = "a".to_owned();
        assert_eq!(refused(twice), ExtractedError::SameId { id });
        let mut silent = asked("a", Aspect::Intrinsic, "cat");
        silent.text = " ".to_owned();
        assert!(matches!(
            refused(vec![silent]),
            ExtractedError::Question { .. }
        ));
        for (options, right) in [(vec!["red"], 0), (vec!["red", "blue"], 2)] {
            let mut closed = asked("a", Aspect::Intrinsic, "cat");
            let options = options.into_iter().map(str::to_owned).collect();
            closed.closed = Some(WantedAnswer::Choice { options, right });
            assert!(matches!(
                refused(vec![closed]),
                ExtractedError::Question { .. }
            ));
        }
        let many = (0..=MOST).map(|at| asked(&at.to_string(), Aspect::Intrinsic, "cat"));
        assert!(matches!(
            refused(many.collect()),
            ExtractedError::TooMany { .. }
        ));
    }

    #[test]
    fn a_question_is_compared_with_what_it_is_about() {
        let relation = Relation {
            name: "place".to_owned(),
            entities: vec!["cat".to_owned(), "mat".to_owned()],
            value: "on".to_owned(),
        };
        let questions = vec![
            asked("1", Aspect::Intrinsic, "Cat"),
            asked("2", Aspect::Relationship, "cat"),
            asked("3", Aspect::Intrinsic, "dog"),
        ];
        let entities = vec![
            entity("cat", "color", "black"),
            entity("mat", "color", "red"),
        ];
        let extracted = Extracted::new(entities, vec![relation], questions).unwrap();
        let of = |at: usize| extracted.structure(&extracted.questions()[at]);
        assert_eq!(of(0), "entity: cat\n- color: black");
        assert_eq!(
            of(1),
            "entity: cat\n- color: black\nrelation between cat, mat: on"
        );
        // Nothing is known by that name, so that the whole is compared.
        assert!(of(2).contains("entity: mat"));
    }
}
