//! The chat template: from a question to the text that the model was trained to continue.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::Deserialize;
use serde_json::json;

use super::python_json;
use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::folder::{Folder, read, read_json};

/// Templates may print the day. A verdict must not depend on it, so it is always this one.
const DAY: [(&str, &str); 12] = [
    ("%d", "26"),
    ("%e", "26"),
    ("%b", "Jul"),
    ("%B", "July"),
    ("%m", "07"),
    ("%Y", "2024"),
    ("%y", "24"),
    ("%A", "Friday"),
    ("%a", "Fri"),
    ("%H", "00"),
    ("%M", "00"),
    ("%S", "00"),
];
const PROBE: &str = "what-is-asked";

/// A turn of the conversation.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) role: &'static str,
    pub(super) parts: Vec<TurnPart>,
}

/// A piece of a turn.
#[derive(Debug, Clone)]
pub(super) enum TurnPart {
    Image,
    Text(String),
}

/// A template and the words that it may name.
#[derive(Debug)]
pub(super) struct ChatTemplate {
    environment: Environment<'static>,
    file: String,
    bos: Option<String>,
    eos: Option<String>,
    /// Whether a turn's content is a list of parts; else it is text with image marks in it.
    parts: bool,
    image_mark: String,
}

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    chat_template: Option<serde_json::Value>,
    bos_token: Option<serde_json::Value>,
    eos_token: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct TemplateFile {
    chat_template: String,
}

/// Where a template may be.
pub(super) const TEMPLATE_FILES: &str =
    "chat_template.jinja, chat_template.json or tokenizer_config.json with a chat template";

impl ChatTemplate {
    /// Finds the template and tries it once; returns it with the files that it was read from.
    ///
    /// `image_mark` is the text of the image token.
    pub(super) fn load(
        folder: &Folder,
        image_mark: &str,
    ) -> Result<Option<(Self, Vec<PathBuf>)>, FolderError> {
        let config_path = folder.first(&["tokenizer_config.json"]);
        let config: TokenizerConfig = match &config_path {
            Some(path) => read_json(path)?,
            None => TokenizerConfig::default(),
        };
        let mut files: Vec<PathBuf> = config_path.clone().into_iter().collect();
        let (path, source) = match folder.first(&["chat_template.jinja", "chat_template.json"]) {
            Some(path) => {
                let source = own_file(&path)?;
                files.push(path.clone());
                (path, source)
            }
            None => match (
                config_path,
                config.chat_template.as_ref().and_then(named_default),
            ) {
                (Some(path), Some(source)) => (path, source),
                (Some(_) | None, Some(_) | None) => return Ok(None),
            },
        };
        let template = ChatTemplate::new(
            &path.display().to_string(),
            &source,
            image_mark,
            config.bos_token.as_ref().and_then(token_text),
            config.eos_token.as_ref().and_then(token_text),
        )?;
        Ok(Some((template, files)))
    }

    fn new(
        file: &str,
        source: &str,
        image_mark: &str,
        bos: Option<String>,
        eos: Option<String>,
    ) -> Result<Self, FolderError> {
        let environment = environment(&without_training_marks(source)).map_err(|error| {
            FolderError::Malformed {
                file: file.to_owned(),
                expected: "a chat template",
                message: told(&error),
            }
        })?;
        let mut template = ChatTemplate {
            environment,
            file: file.to_owned(),
            bos,
            eos,
            parts: true,
            image_mark: image_mark.to_owned(),
        };
        template.parts = template.takes_parts();
        Ok(template)
    }

    /// The text of a conversation up to where the answer begins, or goes on after `prefix`.
    ///
    /// # Errors
    /// What the template raised or could not do.
    pub(super) fn render(&self, turns: &[Turn], prefix: Option<&str>) -> Result<String, String> {
        let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) else {
            return self.rendered(turns, true);
        };
        // The prefix stands where the template would put an answer, and the text is cut behind it: so a blank
        // before it or a mark around it are the template's own.
        let mut with_answer = turns.to_vec();
        with_answer.push(Turn {
            role: "assistant",
            parts: vec![TurnPart::Text(prefix.to_owned())],
        });
        let answered = self.rendered(&with_answer, false).ok();
        let end = answered
            .as_ref()
            .and_then(|text| text.rfind(prefix.trim()))
            .map(|start| start + prefix.trim().len());
        match (answered, end) {
            (Some(text), Some(end)) => Ok(text[..end].to_owned()),
            _ => Ok(self.rendered(turns, true)? + prefix),
        }
    }

    /// What begins a text, where the template may write it itself.
    pub(super) fn bos(&self) -> Option<&str> {
        self.bos.as_deref()
    }

    /// What ends an answer, if the tokenizer says so.
    pub(super) fn eos(&self) -> Option<&str> {
        self.eos.as_deref()
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn rendered(&self, turns: &[Turn], add_generation_prompt: bool) -> Result<String, String> {
        let messages: Vec<serde_json::Value> =
            turns.iter().map(|turn| self.message(turn)).collect();
        let template = self
            .environment
            .get_template("chat")
            .map_err(|e| told(&e))?;
        template
            .render(context! {
                messages => Value::from(Serde(messages)),
                add_generation_prompt,
                bos_token => self.bos.as_deref().unwrap_or_default(),
                eos_token => self.eos.as_deref().unwrap_or_default(),
            })
            .map_err(|error| told(&error))
    }

    fn message(&self, turn: &Turn) -> serde_json::Value {
        if self.parts {
            let parts = turn.parts.iter().map(|part| match part {
                TurnPart::Image => json!({"type": "image"}),
                TurnPart::Text(text) => json!({"type": "text", "text": text}),
            });
            return json!({"role": turn.role, "content": parts.collect::<Vec<_>>()});
        }
        let text: String = turn
            .parts
            .iter()
            .map(|part| match part {
                TurnPart::Image => self.image_mark.as_str(),
                TurnPart::Text(text) => text.as_str(),
            })
            .collect();
        json!({"role": turn.role, "content": text})
    }

    /// Whether the template reads a list of parts: one that does not fails on it or prints it as it is.
    fn takes_parts(&self) -> bool {
        let probe = Turn {
            role: "user",
            parts: vec![TurnPart::Image, TurnPart::Text(PROBE.to_owned())],
        };
        let printed = |text: &str| text.contains("'type'") || text.contains("\"type\"");
        self.rendered(&[probe], true)
            .is_ok_and(|text| text.contains(PROBE) && !printed(&text))
    }
}

fn environment(source: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    // As `transformers` sets up Jinja.
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.add_function(
        "raise_exception",
        |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        },
    );
    environment.add_function("strftime_now", |format: String| {
        DAY.iter()
            .fold(format, |text, (mark, value)| text.replace(mark, value))
    });
    environment.add_filter("tojson", tojson);
    environment.add_template_owned("chat", source.to_owned())?;
    Ok(environment)
}

/// `json.dumps(value, ensure_ascii=False)`: nothing is escaped for HTML, which no model reads.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a filter is given its options by value"
)]
fn tojson(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let failed =
        |error: serde_json::Error| Error::new(ErrorKind::InvalidOperation, error.to_string());
    let value = serde_json::to_value(value).map_err(failed)?;
    Ok(match indent {
        Some(indent) => python_json::pretty(&value, indent),
        None => python_json::spaced(&value),
    })
}

/// `{% generation %}` marks what is trained on; Jinja proper does not know it, and it prints nothing.
fn without_training_marks(source: &str) -> String {
    let mut made = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else {
            break;
        };
        let end = start + length + 2;
        let block = &rest[start..end];
        let word = block[2..block.len() - 2].trim_matches(['-', '+', ' ', '\t', '\n', '\r']);
        made.push_str(&rest[..start]);
        match word {
            "generation" => made.push_str(&block.replacen("generation", "if true", 1)),
            "endgeneration" => made.push_str(&block.replacen("endgeneration", "endif", 1)),
            _ => made.push_str(block),
        }
        rest = &rest[end..];
    }
    made + rest
}

fn own_file(path: &Path) -> Result<String, FolderError> {
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        let file: TemplateFile = read_json(path)?;
        return Ok(file.chat_template);
    }
    String::from_utf8(read(path)?).map_err(|error| FolderError::Malformed {
        file: path.display().to_string(),
        expected: "a chat template in UTF-8",
        message: error.to_string(),
    })
}

/// The template itself, or the one named `default` of a list.
fn named_default(value: &serde_json::Value) -> Option<String> {
    if let Some(templates) = value.as_array() {
        let default = templates
            .iter()
            .find(|template| template["name"] == "default");
        return default?["template"].as_str().map(str::to_owned);
    }
    value.as_str().map(str::to_owned)
}

/// A token as text, or as an object that holds it.
fn token_text(value: &serde_json::Value) -> Option<String> {
    let text = value.as_str().or_else(|| value["content"].as_str());
    text.map(str::to_owned)
}

/// An error and what caused it.
fn told(error: &Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate::new(
            "chat_template.jinja",
            source,
            "<image>",
            Some("<s>".into()),
            None,
        )
        .unwrap()
    }

    fn question() -> Vec<Turn> {
        vec![Turn {
            role: "user",
            parts: vec![TurnPart::Image, TurnPart::Text("Sharp?".into())],
        }]
    }

    /// Of LLaVA 1.5, with its marks for training; the text that `transformers` 4.57 makes of it.
    const LLAVA: &str = "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}\
        {% endif %}{# images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}\
        {{ '<image>\n' }}{% endfor %}{% if message['role'] != 'assistant' %}\
        {% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}{% endfor %}\
        {% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}\
        {% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}\
        {% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}";

    #[test]
    fn templates_of_parts_and_of_text_are_told_apart() {
        let parts = template(LLAVA);
        assert!(parts.parts);
        assert_eq!(
            parts.render(&question(), None).unwrap(),
            "USER: <image>\nSharp? ASSISTANT:"
        );
        assert_eq!(
            parts.render(&question(), Some("It is")).unwrap(),
            "USER: <image>\nSharp? ASSISTANT: It is"
        );
        let text = template(
            "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}\n{% endfor %}\
             {% if add_generation_prompt %}[assistant]{% endif %}",
        );
        assert!(!text.parts);
        assert_eq!(
            text.render(&question(), None).unwrap(),
            "<s>[user]<image>Sharp?\n[assistant]"
        );
        assert_eq!(
            text.render(&question(), Some("It is")).unwrap(),
            "<s>[user]<image>Sharp?\n[assistant]It is"
        );
    }

    #[test]
    fn what_templates_of_python_use_is_there() {
        let cases = [
            ("{{ messages[0]['role'].title() }}", "User"),
            ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
            ("{{ {'a': [1, '<é>']} | tojson }}", "{\"a\": [1, \"<é>\"]}"),
            ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
            (
                "{% set ns = namespace(n=0) %}{% for i in [1, 2, 3] %}{% if i == 3 %}{% break %}{% endif %}\
              {% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
                "3",
            ),
            ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m('y') }}", "<y>"),
            ("  {% if true %}\nx\n  {% endif %}\n", "x\n"),
        ];
        for (source, expected) in cases {
            assert_eq!(
                template(source).render(&question(), None).unwrap(),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn a_template_that_raises_says_why() {
        let raising = template("{{ raise_exception('only text, please') }}");
        let message = raising.render(&question(), None).unwrap_err();
        assert!(message.contains("only text, please"), "{message}");
        let broken = ChatTemplate::new("chat_template.jinja", "{% for %}", "<image>", None, None);
        assert!(matches!(broken, Err(FolderError::Malformed { .. })));
    }
}
