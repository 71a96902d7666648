//! Reads an extraction in T2I-Eval's Markdown, as language models write it: headings of any depth, bullets of any kind.

use super::extracted::{Aspect, AspectQuestion, Attribute, Entity, Extracted, Relation};
use super::replies::ShapeError;

const STAGE: &str = "extract";

/// What the lines below a heading hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Attributes,
    Relations,
    Questions(Aspect),
    /// A caption or anything else.
    Other,
}

#[derive(Debug, Default)]
struct Found {
    entities: Vec<Entity>,
    relations: Vec<Relation>,
    questions: Vec<AspectQuestion>,
}

/// Reads headings `## Intrinsic Attributes`, `## Relationship Attributes` and the three `## ... Questions`, with a
/// heading for each entity or relation and bullets such as `- attribute 1: color: red` and `- question1: ...` below.
///
/// # Errors
/// [`ShapeError`] with the line: an attribute without a value, a relation without one, or no question at all.
pub fn parse_markdown(text: &str) -> Result<Extracted, ShapeError> {
    let mut found = Found::default();
    let mut section = Section::Other;
    let mut name: Option<String> = None;
    for (at, line) in text.lines().enumerate() {
        let wrong = |detail: String| ShapeError::at(STAGE, at + 1, detail);
        let line = line.trim_end();
        if let Some(heading) = heading(line) {
            match section_of(&heading) {
                Some(other) => (section, name) = (other, None),
                None => {
                    found.open(section, &heading);
                    name = Some(heading);
                }
            }
        } else if let Some(bullet) = bullet(line) {
            found
                .take(section, name.as_deref(), &bullet)
                .map_err(wrong)?;
        }
    }
    if let Some(relation) = found.relations.iter().find(|one| one.value.is_empty()) {
        let detail = format!("relation `{}` has no `- value: ...`", relation.name);
        return Err(ShapeError::whole(STAGE, detail));
    }
    Extracted::new(found.entities, found.relations, found.questions)
        .map_err(|error| ShapeError::whole(STAGE, error.to_string()))
}

impl Found {
    /// A heading that names an entity or a relation.
    fn open(&mut self, section: Section, name: &str) {
        match section {
            Section::Attributes => self.entities.push(Entity {
                name: name.to_owned(),
                attributes: Vec::new(),
            }),
            Section::Relations => self.relations.push(Relation {
                name: name.to_owned(),
                entities: Vec::new(),
                value: String::new(),
            }),
            Section::Questions(_) | Section::Other => {}
        }
    }

    fn take(&mut self, section: Section, name: Option<&str>, bullet: &str) -> Result<(), String> {
        match section {
            Section::Attributes => {
                let entity = self.entities.last_mut();
                let entity = entity.ok_or("an attribute stands below no entity")?;
                let (kind, value) = without_label(bullet, "attribute")
                    .split_once(':')
                    .ok_or_else(|| format!("`{bullet}` is not `attribute: type: value`"))?;
                entity.attributes.push(Attribute {
                    kind: kind.trim().to_owned(),
                    value: value.trim().to_owned(),
                });
            }
            Section::Relations => {
                let relation = self.relations.last_mut();
                let relation = relation.ok_or("a relation has no heading")?;
                match bullet.split_once(':') {
                    Some((label, value)) if label.to_lowercase().starts_with("entities") => {
                        relation.entities = names(value);
                    }
                    Some((label, value)) if label.trim().eq_ignore_ascii_case("value") => {
                        value.trim().clone_into(&mut relation.value);
                    }
                    Some(_) | None => {}
                }
            }
            Section::Questions(aspect) => self.question(aspect, name, bullet),
            Section::Other => {}
        }
        Ok(())
    }

    fn question(&mut self, aspect: Aspect, name: Option<&str>, bullet: &str) {
        if let Some((label, value)) = bullet.split_once(':')
            && label.trim().to_lowercase().starts_with("entit")
        {
            if let Some(question) = self.questions.last_mut() {
                question.about = names(value);
            }
            return;
        }
        let text = without_label(bullet, "question");
        if matches!(text.to_lowercase().as_str(), "" | "none" | "none." | "n/a") {
            return;
        }
        let before = self.questions.iter().filter(|one| one.aspect == aspect);
        self.questions.push(AspectQuestion {
            id: format!("{}-{}", aspect.name(), before.count() + 1),
            aspect,
            text: text.to_owned(),
            about: name.map(str::to_owned).into_iter().collect(),
            closed: None,
        });
    }
}

/// The words of a heading.
fn heading(line: &str) -> Option<String> {
    let words = line.trim_start().strip_prefix('#')?.trim_start_matches('#');
    let words = words.replace("**", "");
    Some(words.trim().trim_end_matches(':').trim().to_owned())
}

/// The words of a bullet; one of dots alone stands for more of the same in the template and is none.
fn bullet(line: &str) -> Option<String> {
    let line = line.trim_start();
    let words = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))?;
    let words = words.replace("**", "");
    let words = words.trim();
    let is_filler = words.trim_matches(['.', '…']).is_empty();
    (!is_filler).then(|| words.to_owned())
}

fn section_of(heading: &str) -> Option<Section> {
    let heading = heading.to_lowercase();
    let has = |words: &str| heading.contains(words);
    Some(if has("intrinsic attribute consistency") {
        Section::Questions(Aspect::Intrinsic)
    } else if has("relationship attribute consistency") {
        Section::Questions(Aspect::Relationship)
    } else if has("appearance quality") {
        Section::Questions(Aspect::Appearance)
    } else if has("intrinsic attributes") {
        Section::Attributes
    } else if has("relationship attributes") {
        Section::Relations
    } else if has("image caption") || heading == "questions" || has("structure information") {
        Section::Other
    } else {
        return None;
    })
}

/// What follows `label 1:`, or the whole where no such label stands there.
fn without_label<'a>(bullet: &'a str, label: &str) -> &'a str {
    match bullet.split_once(':') {
        Some((first, rest)) => {
            let first = first.trim().to_lowercase();
            let number = first.strip_prefix(label).map(str::trim);
            match number {
                Some(number) if number.chars().all(|sign| sign.is_ascii_digit()) => rest.trim(),
                Some(_) | None => bullet,
            }
        }
        None => bullet,
    }
}

fn names(text: &str) -> Vec<String> {
    let names = text
        .split(',')
        .map(|name| name.trim().trim_matches(['{', '}']));
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "Sure, here it is:

# Structure Information
## Intrinsic Attributes
### Cat
- attribute 1: existence: yes
- attribute 2: **color**: black
...
### Mat
* existence: yes
## Relationship Attributes
### Position
- entities involved: Cat, Mat
- value: on

# Questions
## Appearance Quality Questions
### Cat
- question1: Does the cat look real?
## Intrinsic Attribute Consistency Questions
### Cat
- question1: Does the cat exist in the image?
- question2: What color is the cat: black or another?
- ...
## Relationship Attribute Consistency Questions
- question1: Where is the cat?
    - entities: Cat, Mat

# Image Caption
## Cat
- caption: a cat
";

    #[test]
    fn the_published_shape_is_read() {
        let extracted = parse_markdown(WRITTEN).unwrap();
        let ids: Vec<&str> = extracted
            .questions()
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                "appearance-1",
                "intrinsic-1",
                "intrinsic-2",
                "relationship-1"
            ]
        );
        assert_eq!(extracted.entities()[0].attributes[1].value, "black");
        assert_eq!(extracted.entities()[1].attributes[0].kind, "existence");
        assert_eq!(extracted.relations()[0].value, "on");
        assert_eq!(extracted.questions()[3].about, ["Cat", "Mat"]);
        assert_eq!(
            extracted.questions()[2].text,
            "What color is the cat: black or another?"
        );
        // Headings one deeper than the template has them.
        let deeper = WRITTEN.replace("\n#", "\n##");
        assert_eq!(parse_markdown(&deeper).unwrap(), extracted);
    }

    #[test]
    fn another_shape_is_refused_with_its_line() {
        for (text, message) in [
            (
                "The cat is black.",
                "extract: the extraction has no question",
            ),
            (
                "## Intrinsic Attributes\n### Cat\n- black",
                "extract, line 3: `black` is not `attribute: type: value`",
            ),
            (
                "## Intrinsic Attributes\n- attribute 1: color: red",
                "extract, line 2: an attribute stands below no entity",
            ),
            (
                "## Relationship Attributes\n### On\n- entities involved: a, b\n## Appearance Quality Questions\n- question1: a?",
                "extract: relation `On` has no `- value: ...`",
            ),
        ] {
            assert_eq!(parse_markdown(text).unwrap_err().to_string(), message);
        }
    }
}
