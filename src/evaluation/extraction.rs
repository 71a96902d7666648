//! An extraction of T2I-Eval in JSON, our own form or the authors', or in their Markdown.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::file::{QuestionFileError, read_text};
use crate::judging::checklist::WantedAnswer;
use crate::judging::t2i_eval::{
    Aspect, AspectQuestion, Attribute, Entity, Extracted, Relation, ShapeError, parse_markdown,
};

const STAGE: &str = "extract";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtractionFile {
    #[serde(default)]
    entities: Vec<EntityFile>,
    #[serde(default)]
    relations: Vec<RelationFile>,
    questions: Vec<AskedFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityFile {
    name: String,
    /// Pairs of type and value: a type may stand twice.
    #[serde(default)]
    attributes: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationFile {
    name: String,
    entities: Vec<String>,
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    aspect: String,
    question: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    about: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// Reads a file of an extraction.
///
/// # Errors
/// [`QuestionFileError`].
pub fn read_extraction(path: &Path) -> Result<Extracted, QuestionFileError> {
    Ok(parse_extraction(&read_text(path)?)?)
}

/// Reads an extraction: `{"questions": [{"aspect", "question", ...}]}`, the authors' nested headings in JSON, or their
/// Markdown.
///
/// # Errors
/// [`ShapeError`], which names what is wrong and where.
pub fn parse_extraction(text: &str) -> Result<Extracted, ShapeError> {
    let bare = unfenced(text);
    if !bare.starts_with('{') {
        return parse_markdown(text);
    }
    let wrong = |error: serde_json::Error| ShapeError::at(STAGE, error.line(), error.to_string());
    let value: Value = serde_json::from_str(bare).map_err(wrong)?;
    if value.get("Questions").is_some() {
        let mut markdown = String::new();
        outline(&value, 1, &mut markdown);
        let read = parse_markdown(&markdown);
        // Its lines are not those of the text.
        return read.map_err(|error| ShapeError {
            line: None,
            ..error
        });
    }
    let typed: ExtractionFile = serde_json::from_value(value)
        .map_err(|error| ShapeError::whole(STAGE, error.to_string()))?;
    typed.check()
}

/// An extraction in our own form.
pub fn extraction_json(extracted: &Extracted) -> String {
    let file = ExtractionFile {
        entities: extracted.entities().iter().map(EntityFile::of).collect(),
        relations: extracted.relations().iter().map(RelationFile::of).collect(),
        questions: extracted.questions().iter().map(AskedFile::of).collect(),
    };
    serde_json::to_string_pretty(&file).expect("strings are always JSON")
}

impl ExtractionFile {
    fn check(self) -> Result<Extracted, ShapeError> {
        let entities = self.entities.into_iter().map(|entity| Entity {
            name: entity.name,
            attributes: entity
                .attributes
                .into_iter()
                .map(|(kind, value)| Attribute { kind, value })
                .collect(),
        });
        let relations = self.relations.into_iter().map(|relation| Relation {
            name: relation.name,
            entities: relation.entities,
            value: relation.value,
        });
        let questions = self.questions.into_iter().enumerate();
        let questions = questions.map(|(at, asked)| asked.check(at));
        let questions = questions.collect::<Result<Vec<_>, _>>()?;
        Extracted::new(entities.collect(), relations.collect(), questions)
            .map_err(|error| ShapeError::whole(STAGE, error.to_string()))
    }
}

impl AskedFile {
    fn check(self, at: usize) -> Result<AspectQuestion, ShapeError> {
        let id = self.id.unwrap_or_else(|| (at + 1).to_string());
        let wrong = |detail: String| ShapeError::whole(STAGE, format!("question `{id}`: {detail}"));
        let aspect = Aspect::from_name(&self.aspect).ok_or_else(|| {
            let known = Aspect::ALL.map(Aspect::name).join("`, `");
            wrong(format!("`aspect` is one of `{known}`"))
        })?;
        let closed = match (self.answer, self.choices) {
            (None, choices) if choices.is_empty() => None,
            (None, _) => return Err(wrong("`choices` need the `answer` that is wanted".into())),
            (Some(answer), choices) if choices.is_empty() => {
                Some(match answer.to_lowercase().as_str() {
                    "yes" => WantedAnswer::Yes,
                    "no" => WantedAnswer::No,
                    _ => return Err(wrong(format!("`{answer}` needs `choices`"))),
                })
            }
            (Some(answer), options) => {
                let right = options.iter().position(|option| *option == answer);
                let right =
                    right.ok_or_else(|| wrong(format!("`{answer}` is not among the `choices`")))?;
                Some(WantedAnswer::Choice { options, right })
            }
        };
        Ok(AspectQuestion {
            aspect,
            text: self.question,
            about: self.about,
            closed,
            id,
        })
    }

    fn of(question: &AspectQuestion) -> Self {
        let (choices, answer) = match &question.closed {
            None => (Vec::new(), None),
            Some(WantedAnswer::Yes) => (Vec::new(), Some("yes".to_owned())),
            Some(WantedAnswer::No) => (Vec::new(), Some("no".to_owned())),
            Some(WantedAnswer::Choice { options, right }) => {
                (options.clone(), Some(options[*right].clone()))
            }
        };
        AskedFile {
            id: Some(question.id.clone()),
            aspect: question.aspect.name().to_owned(),
            question: question.text.clone(),
            about: question.about.clone(),
            choices,
            answer,
        }
    }
}

impl EntityFile {
    fn of(entity: &Entity) -> Self {
        let attributes = entity.attributes.iter();
        EntityFile {
            name: entity.name.clone(),
            attributes: attributes
                .map(|one| (one.kind.clone(), one.value.clone()))
                .collect(),
        }
    }
}

impl RelationFile {
    fn of(relation: &Relation) -> Self {
        RelationFile {
            name: relation.name.clone(),
            entities: relation.entities.clone(),
            value: relation.value.clone(),
        }
    }
}

/// The text without a fence of code around it.
pub(super) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```") else {
        return text;
    };
    let inner = inner.split_once('\n').map_or("", |(_, inner)| inner);
    inner.trim_end().trim_end_matches("```").trim()
}

/// Nested JSON as headings and bullets.
fn outline(value: &Value, depth: usize, markdown: &mut String) {
    let mut line = |text: &str| {
        markdown.push_str(&text.replace('\n', " "));
        markdown.push('\n');
    };
    match value {
        Value::Object(fields) if fields.contains_key("question") => {
            let question = fields["question"].as_str().unwrap_or_default();
            line(&format!("- question: {question}"));
            let entities = fields.get("entities").and_then(Value::as_array);
            let names = entities.into_iter().flatten().filter_map(Value::as_str);
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                line(&format!("- entities: {}", names.join(", ")));
            }
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                markdown.push_str(&format!(
                    "{} {}\n",
                    "#".repeat(depth),
                    name.replace('\n', " ")
                ));
                outline(inner, depth + 1, markdown);
            }
        }
        Value::Array(items) => {
            for item in items {
                outline(item, depth, markdown);
            }
        }
        Value::String(text) => line(&format!("- {text}")),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"{
        "entities": [{"name": "cat", "attributes": [["color", "black"]]}],
        "relations": [{"name": "place", "entities": ["cat", "mat"], "value": "on"}],
        "questions": [
            {"id": "1", "aspect": "intrinsic", "question": "What color is the cat?", "about": ["cat"], "choices": ["black", "white"], "answer": "black"},
            {"aspect": "intrinsic", "question": "Is there a cat?", "answer": "yes"},
            {"aspect": "relationship", "question": "Where is the cat?"}
        ]
    }"#;

    #[test]
    fn our_own_form_is_read_and_written_back() {
        let extracted = parse_extraction(OWN).unwrap();
        assert_eq!(extracted.questions()[1].id, "2");
        assert_eq!(extracted.questions()[1].closed, Some(WantedAnswer::Yes));
        let again = parse_extraction(&extraction_json(&extracted)).unwrap();
        assert_eq!(again, extracted);
        assert_eq!(
            parse_extraction(&format!("```json\n{OWN}\n```")).unwrap(),
            extracted
        );
    }

    #[test]
    fn the_authors_nested_json_says_what_their_markdown_says() {
        let json = r##"{
            "Structure Information": {
                "Intrinsic Attributes": {"cat": ["attribute 1: existence: yes", "attribute 2: color: black"]},
                "Relationship Attributes": {"place": ["entities involved: cat, mat", "value: on"]}
            },
            "Questions": {
                "Appearance Quality Questions": {"cat": [{"question": "Does it look real?", "value": null}]},
                "Intrinsic Attribute Consistency Questions": {"cat": ["question1: What color is it?"]},
                "Relationship Attribute Consistency Questions": [{"question": "Where is it?", "entities": ["cat", "mat"]}]
            },
            "Image Caption": null
        }"##;
        let markdown = "# Structure Information\n## Intrinsic Attributes\n### cat\n- existence: yes\n- color: black\n\
            ## Relationship Attributes\n### place\n- entities involved: cat, mat\n- value: on\n# Questions\n\
            ## Appearance Quality Questions\n### cat\n- question1: Does it look real?\n\
            ## Intrinsic Attribute Consistency Questions\n### cat\n- What color is it?\n\
            ## Relationship Attribute Consistency Questions\n- question1: Where is it?\n    - entities: cat, mat";
        assert_eq!(
            parse_extraction(json).unwrap(),
            parse_extraction(markdown).unwrap()
        );
    }

    #[test]
    fn another_form_is_refused_with_what_is_wrong() {
        for (text, part) in [
            ("{", "extract, line 1: EOF"),
            (r#"{"questions": []}"#, "no question"),
            (
                r#"{"questions": [{"aspect": "color", "question": "a?"}]}"#,
                "`aspect` is one of",
            ),
            (
                r#"{"questions": [{"aspect": "intrinsic", "question": "a?", "answer": "red"}]}"#,
                "needs `choices`",
            ),
            (
                r#"{"questions": [{"aspect": "intrinsic", "question": "a?", "choices": ["a", "b"]}]}"#,
                "need the `answer`",
            ),
            (
                r#"{"questions": [{"aspect": "intrinsic", "question": "a?", "choices": ["a", "b"], "answer": "c"}]}"#,
                "not among",
            ),
            (
                r#"{"questions": [{"aspect": "intrinsic", "question": "a?", "color": 1}]}"#,
                "unknown field",
            ),
            (
                r#"{"questions": [{"id": "x", "aspect": "intrinsic", "question": "a?"}, {"id": "x", "aspect": "intrinsic", "question": "b?"}]}"#,
                "two questions have the id `x`",
            ),
        ] {
            let error = parse_extraction(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
