//! The backends that `judge@backend` may name, one `[backends.NAME]` table each.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::chat::ChatConfig;
use super::fault::Report;
use super::onnx::{OnnxDualEncoderConfig, OnnxLanguageConfig, OnnxScalarConfig};
use super::remote::{RemoteConfig, remote};

/// One backend. A closed list: a kind that is not known is refused and the known ones are named.
///
/// In a table the key `kind` says which it is. It is read by hand: what serde makes for a tagged enum loses the place of a fault.
#[derive(Debug, Clone)]
pub enum BackendConfig {
    /// Replays answers from a JSON Lines file.
    Recorded(RecordedConfig),
    /// Asks a multimodal language model in this process.
    OnnxLanguage(OnnxLanguageConfig),
    /// Compares pictures and words in this process: CLIP, SigLIP.
    OnnxDualEncoder(OnnxDualEncoderConfig),
    /// Asks a reward model in this process for its number.
    OnnxScalar(OnnxScalarConfig),
    /// A multimodal language model behind an OpenAI-compatible API.
    Chat(Box<ChatConfig>),
    /// A model behind the Open Inference Protocol, version 2: Triton, KServe, MLServer, OpenVINO Model Server.
    Kserve(KserveConfig),
    /// Typed decisions of `POST /v1/systemone`.
    Systemone(SystemoneConfig),
}

/// A recording.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedConfig {
    /// The file, relative to the configuration's folder.
    pub file: PathBuf,
}

/// A served model that takes the numbers of a prepared picture:
///
/// ```toml
/// [backends.my-triton]
/// kind = "kserve"
/// url = "http://127.0.0.1:8000"
/// model = "quality"
/// card = "technical-quality"
/// input = "pixels"
/// output = "logits"
/// gives = "logits"
/// labels = ["excellent", "good", "fair", "poor", "bad"]
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct KserveConfig {
    /// Name of the model on the server.
    pub model: String,
    /// Its version; unset, the server takes one, and verdicts cannot say which.
    pub version: Option<String>,
    /// Id of the card whose `[preprocessing]` is carried out on every picture before it is sent.
    pub card: String,
    /// Name of the image input, FP32 `[1, 3, height, width]`.
    pub input: String,
    /// Name of the output that is read.
    pub output: String,
    /// What the numbers of the output are.
    pub gives: Gives,
    /// What each number of the output stands for, in order; none for a value.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How numbers are sent.
    #[serde(default)]
    pub tensors: Tensors,
    /// Where the server is.
    #[serde(flatten, deserialize_with = "remote")]
    pub remote: RemoteConfig,
}

/// What the numbers of an output are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// One logit for each label.
    Logits,
    /// One probability for each label, which sum to 1.
    Probabilities,
    /// One number, on the judge's own scale.
    Value,
}

/// How numbers are sent to a served model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tensors {
    /// As bytes where the server names the extension `binary_tensor_data`, else as JSON; it is asked once.
    #[default]
    Auto,
    /// As bytes.
    Binary,
    /// As JSON.
    Json,
}

/// A server of typed decisions:
///
/// ```toml
/// [backends.decider]
/// kind = "systemone"
/// url = "http://127.0.0.1:8080/v1"
/// model = "clef-flash"
/// images = "list"
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct SystemoneConfig {
    /// Name of the model on the server.
    pub model: String,
    /// How the server takes images; llama.cpp takes a list.
    #[serde(default)]
    pub images: SystemoneImages,
    /// Most images of one question.
    #[serde(default = "images_per_prompt")]
    pub images_per_prompt: usize,
    /// How closed questions that are not yes or no are asked.
    #[serde(default)]
    pub ask: SystemoneAsk,
    /// Where the server is.
    #[serde(flatten, deserialize_with = "remote")]
    pub remote: RemoteConfig,
}

fn images_per_prompt() -> usize {
    4
}

/// How a server of typed decisions takes images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemoneImages {
    /// Data URLs in `images`, as llama.cpp reads them.
    #[default]
    List,
    /// Base64 in `assets`, named by marks in the text, as transformers 5.23 reads them.
    Assets,
}

/// How closed questions are asked of a server of typed decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemoneAsk {
    /// As `choice`: options without an order.
    #[default]
    Choice,
    /// As `score`: the options are the levels of a rubric, in the order of the card; servers take 2 to 10 levels.
    Score,
}

/// The names of the kinds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Recorded,
    OnnxLanguage,
    OnnxDualEncoder,
    OnnxScalar,
    Chat,
    Kserve,
    Systemone,
}

impl Kind {
    /// Reads the other keys.
    fn read<'de, D: Deserializer<'de>>(self, keys: D) -> Result<BackendConfig, D::Error> {
        Ok(match self {
            Kind::Recorded => BackendConfig::Recorded(Deserialize::deserialize(keys)?),
            Kind::OnnxLanguage => BackendConfig::OnnxLanguage(Deserialize::deserialize(keys)?),
            Kind::OnnxDualEncoder => {
                BackendConfig::OnnxDualEncoder(Deserialize::deserialize(keys)?)
            }
            Kind::OnnxScalar => BackendConfig::OnnxScalar(Deserialize::deserialize(keys)?),
            Kind::Chat => BackendConfig::Chat(Deserialize::deserialize(keys)?),
            Kind::Kserve => BackendConfig::Kserve(Deserialize::deserialize(keys)?),
            Kind::Systemone => BackendConfig::Systemone(Deserialize::deserialize(keys)?),
        })
    }
}

impl<'de> Deserialize<'de> for BackendConfig {
    fn deserialize<D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        struct ByKind;
        impl<'de> Visitor<'de> for ByKind {
            type Value = BackendConfig;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table with a `kind`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut keys: A) -> Result<BackendConfig, A::Error> {
                let mut before = toml::Table::new();
                while let Some(key) = keys.next_key::<String>()? {
                    if key != "kind" {
                        before.insert(key, keys.next_value()?);
                        continue;
                    }
                    let kind: Kind = keys.next_value()?;
                    let rest = MapAccessDeserializer::new(keys);
                    if before.is_empty() {
                        return kind.read(rest);
                    }
                    before.extend(toml::Table::deserialize(rest)?);
                    let read = kind.read(toml::Value::Table(before));
                    return read.map_err(|error| A::Error::custom(error.message()));
                }
                Err(A::Error::missing_field("kind"))
            }
        }
        table.deserialize_map(ByKind)
    }
}

impl BackendConfig {
    /// Finds what the type of a value does not say.
    pub(super) fn check(&self, report: &mut Report) {
        match self {
            BackendConfig::Recorded(_)
            | BackendConfig::OnnxLanguage(_)
            | BackendConfig::OnnxDualEncoder(_)
            | BackendConfig::OnnxScalar(_) => {}
            BackendConfig::Chat(chat) => chat.check(report),
            BackendConfig::Kserve(kserve) => kserve.check(report),
            BackendConfig::Systemone(systemone) => systemone.remote.check(report),
        }
    }

    /// Makes paths relative to the folder of the configuration.
    pub(super) fn resolve(&mut self, folder: &Path) {
        match self {
            BackendConfig::Recorded(recorded) => recorded.file = folder.join(&recorded.file),
            BackendConfig::OnnxLanguage(language) => language.resolve(folder),
            BackendConfig::OnnxDualEncoder(encoder) => encoder.resolve(folder),
            BackendConfig::OnnxScalar(scalar) => scalar.resolve(folder),
            BackendConfig::Chat(chat) => chat.remote.resolve(folder),
            BackendConfig::Kserve(kserve) => kserve.remote.resolve(folder),
            BackendConfig::Systemone(systemone) => systemone.remote.resolve(folder),
        }
    }
}

impl KserveConfig {
    fn check(&self, report: &mut Report) {
        self.remote.check(report);
        match self.gives {
            Gives::Logits | Gives::Probabilities if self.labels.len() < 2 => {
                report.fault(
                    "labels",
                    "must name what each number of the output stands for, two at least",
                );
            }
            Gives::Value if !self.labels.is_empty() => {
                report.fault(
                    "labels",
                    "stand for the numbers of logits or probabilities; a value has none",
                );
            }
            Gives::Logits | Gives::Probabilities | Gives::Value => {}
        }
    }
}
