//! The words of `POST /v1/systemone`: a state, a question about it, and its answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{ImageForm, QuestionForm};
use crate::judging::{Choice, Listed, Options, Part, Prompt, Readout, WordError};
use crate::pixels::{Format, ImageFault, Limits, inspect};

/// The one question of a request has this name.
const QUESTION: &str = "opinion";

/// A request as it is written. Not a JSON value, because the order of the options must stay: it is the order in
/// which the model reads them.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    state: String,
    questions: Questions<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    assets: BTreeMap<String, Asset>,
}

#[derive(Serialize)]
struct Questions<'a> {
    opinion: Question<'a>,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    instructions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    criteria: Option<Criteria<'a>>,
}

enum Criteria<'a> {
    Choice(&'a Options),
    Score(&'a Options),
}

impl Serialize for Criteria<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Criteria::Choice(options) => {
                let mut map = serializer.serialize_map(Some(options.len()))?;
                for name in options.names() {
                    map.serialize_entry(name, &())?;
                }
                map.end()
            }
            Criteria::Score(options) => serializer.collect_seq(options.names()),
        }
    }
}

#[derive(Serialize)]
struct Asset {
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    data_base64: String,
}

/// How the options are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Choice,
    Score,
    /// The place of the option that means true: 0 or 1.
    Noul(usize),
}

/// Yes and no are a question of their own; the others are asked as is configured.
pub(super) fn kind(options: &Options, form: QuestionForm) -> Kind {
    let names: Vec<String> = options.names().map(str::to_lowercase).collect();
    match names.as_slice() {
        [first, second] if first == "yes" && second == "no" => Kind::Noul(0),
        [first, second] if first == "no" && second == "yes" => Kind::Noul(1),
        _ => match form {
            QuestionForm::Choice => Kind::Choice,
            QuestionForm::Score => Kind::Score,
        },
    }
}

impl<'a> Request<'a> {
    /// The request for one prompt.
    ///
    /// # Errors
    /// An image that is none.
    pub(super) fn new(
        model: &'a str,
        (form, limits): (ImageForm, &Limits),
        prompt: &Prompt,
        options: &'a Options,
        kind: Kind,
    ) -> Result<Self, ImageFault> {
        let mut request = Request {
            model,
            state: String::new(),
            questions: Questions {
                opinion: Question {
                    kind: match kind {
                        Kind::Choice => "choice",
                        Kind::Score => "score",
                        Kind::Noul(_) => "noul",
                    },
                    instructions: instructions(prompt),
                    criteria: match kind {
                        Kind::Choice => Some(Criteria::Choice(options)),
                        Kind::Score => Some(Criteria::Score(options)),
                        Kind::Noul(_) => None,
                    },
                },
            },
            images: Vec::new(),
            assets: BTreeMap::new(),
        };
        let mut marks = Vec::new();
        for (index, image) in prompt.images().enumerate() {
            let format = inspect(image.bytes(), limits)?.format;
            let data = STANDARD.encode(image.bytes());
            match form {
                ImageForm::List => {
                    marks.push(format!("Image {}", index + 1));
                    let media = media_type(format);
                    request.images.push(format!("data:{media};base64,{data}"));
                }
                ImageForm::Assets => {
                    // The mark is replaced wherever it stands, so no text of a user may happen to hold it.
                    let digest = image.digest().to_string();
                    let mark =
                        format!("<image-{}-{}>", index + 1, &digest["blake3:".len()..][..16]);
                    let asset = Asset {
                        kind: "image",
                        format: media_type(format).trim_start_matches("image/"),
                        data_base64: data,
                    };
                    request.assets.insert(mark.clone(), asset);
                    marks.push(mark);
                }
            }
        }
        request.state = marks.join("\n");
        Ok(request)
    }
}

/// All words of a prompt, in order, a line each; those that the answer would continue come last.
fn instructions(prompt: &Prompt) -> String {
    let texts = prompt.parts().iter().filter_map(|part| match part {
        Part::Text(text) if !text.is_empty() => Some(text.as_str()),
        Part::Text(_) | Part::Image(_) => None,
    });
    let all: Vec<&str> = prompt
        .system()
        .into_iter()
        .chain(texts)
        .chain(prompt.answer_prefix())
        .collect();
    all.join("\n")
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "image/jpeg",
        Format::Png => "image/png",
        Format::WebP => "image/webp",
        Format::Gif => "image/gif",
        Format::Bmp => "image/bmp",
        Format::Tiff => "image/tiff",
    }
}

/// The parts of a response that are read.
#[derive(Debug, Deserialize)]
pub(super) struct Response {
    answers: BTreeMap<String, TypedAnswer>,
    #[serde(default)]
    pub(super) usage: Usage,
}

#[derive(Debug, Deserialize)]
struct TypedAnswer {
    noul: Option<f64>,
    probabilities: Option<BTreeMap<String, f64>>,
}

/// Tokens that a server counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Usage {
    /// Read.
    #[serde(default)]
    pub input_tokens: u64,
    /// Written; 0 for most typed decisions, which are read and not written.
    #[serde(default)]
    pub output_tokens: u64,
}

/// The probabilities of typed decisions may miss 1 by this much in all: some servers round them to two digits.
const SUM_TOLERANCE: f64 = 0.05;

/// What shows as certain may be short of it by the rounding of single precision.
fn certain() -> f64 {
    f64::from(f32::EPSILON).ln()
}

impl Response {
    /// The choice that a response holds; coverage is not known, because the server reads the labels only.
    ///
    /// # Errors
    /// What is missing, or is no probability.
    pub(super) fn choice(&self, options: &Options, kind: Kind) -> Result<Choice, String> {
        let answer = self
            .answers
            .get(QUESTION)
            .ok_or_else(|| "the question has no answer".to_owned())?;
        let masses: Vec<f64> = match kind {
            Kind::Noul(place) => {
                let yes = answer.noul.ok_or("the answer has no `noul`")?;
                if place == 0 {
                    vec![yes, 1.0 - yes]
                } else {
                    vec![1.0 - yes, yes]
                }
            }
            Kind::Choice => answer.masses(options.names().map(str::to_owned))?,
            Kind::Score => answer.masses((0..options.len()).map(|level| level.to_string()))?,
        };
        let sum: f64 = masses.iter().sum();
        let odd = masses
            .iter()
            .any(|mass| !(0.0..=1.0 + SUM_TOLERANCE).contains(mass));
        if odd || (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(format!("{masses:?} are no probabilities"));
        }
        choice(&masses).map_err(|error| error.to_string())
    }
}

impl TypedAnswer {
    fn masses(&self, keys: impl Iterator<Item = String>) -> Result<Vec<f64>, String> {
        let listed = self
            .probabilities
            .as_ref()
            .ok_or("the answer has no `probabilities`")?;
        keys.map(|key| {
            listed
                .get(&key)
                .copied()
                .ok_or_else(|| format!("`{key}` has no probability"))
        })
        .collect()
    }
}

fn choice(masses: &[f64]) -> Result<Choice, WordError> {
    let listed: Vec<Listed> = masses
        .iter()
        .map(|mass| {
            if *mass > 0.0 {
                Listed::At(mass.ln())
            } else {
                Listed::Below(certain())
            }
        })
        .collect();
    Choice::censored(&listed, None, Readout::TypedDecision)
}
