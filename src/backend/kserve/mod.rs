//! Models served behind the Open Inference Protocol, version 2: Triton, KServe, MLServer, OpenVINO Model Server.
//!
//! The model is a classifier whose outputs are exactly the allowed answers, or gives one number. Pictures are
//! prepared here, as a card says, and the model gets numbers.

mod wire;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::OnceCell;

pub use wire::Wire;

use super::closed_set::{choice, places};
use super::remote::{Place, Remote, RemoteError, Retry, path_step};
use super::{Abilities, Backend, BackendError, BackendId, Circuit, Finding, examine_abilities};
use crate::judging::{Answer, Image, Prompt, Readout, Wanted, log_softmax};
use crate::pixels::{ImageFault, Limits, Preparation, Tensor};

/// What a served model needs to be asked.
#[derive(Debug, Clone)]
pub struct KserveOptions {
    /// Name of the model on the server.
    pub model: String,
    /// Its version; the server takes one where this is `None`.
    pub version: Option<String>,
    /// Name of the image input, FP32 `[1, 3, height, width]`.
    pub input: String,
    /// Name of the output that is read.
    pub output_name: String,
    /// What the numbers of the output are.
    pub output: Output,
    /// How numbers are sent; the server is asked where this is `None`.
    pub wire: Option<Wire>,
    /// What is done to the pixels.
    pub preparation: Preparation,
    /// What is decoded at all.
    pub limits: Limits,
}

/// What the numbers of an output are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// One logit for each label.
    Logits(Vec<String>),
    /// One probability for each label, which sum to 1.
    Probabilities(Vec<String>),
    /// One number, on the judge's own scale; tiles of a picture are averaged.
    Value,
}

/// The probabilities of a model may miss 1 by this much in all: half precision, and servers that round.
const SUM_TOLERANCE: f64 = 1e-2;

/// A served model as a backend.
#[derive(Debug)]
pub struct Kserve {
    id: BackendId,
    remote: Remote,
    options: KserveOptions,
    /// Path of the model.
    path: String,
    /// Found out with the first question.
    wire: OnceCell<Wire>,
}

/// What is read of an answer.
enum Reading {
    /// The place of each option among the labels.
    Places(Vec<usize>),
    Value,
}

impl Kserve {
    /// A served model; nothing is sent yet.
    pub fn new(remote: Remote, options: KserveOptions) -> Self {
        let mut path = format!("v2/models/{}", path_step(&options.model));
        let mut model_revision = options.model.clone();
        if let Some(version) = &options.version {
            path.push_str(&format!("/versions/{}", path_step(version)));
            model_revision.push_str(&format!("/{version}"));
        }
        let id = BackendId {
            name: remote.name().to_owned(),
            model_revision,
        };
        let wire = OnceCell::new_with(options.wire);
        Kserve {
            id,
            remote,
            options,
            path,
            wire,
        }
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let reading = self.reading(prompt)?;
        let image = self.image(prompt)?;
        let place = self.remote.enter().await?;
        let wire = *self.wire.get_or_try_init(|| wire(&place)).await?;
        let mut rows = Vec::new();
        for tensor in self.tensors(image).await? {
            rows.push(self.infer(&place, wire, &tensor).await?);
        }
        match (&reading, &self.options.output) {
            (Reading::Places(places), Output::Logits(_)) => {
                let tiles = rows.iter().map(|row| log_softmax(row));
                self.choice(tiles.map(|row| row.into_iter().map(Some).collect()), places)
            }
            (Reading::Places(places), _) => {
                let tiles = rows.into_iter().map(|row| self.log_masses(&row));
                let tiles: Vec<_> = tiles.collect::<Result<_, _>>()?;
                self.choice(tiles.into_iter(), places)
            }
            (Reading::Value, _) => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a picture has far fewer than 2^52 tiles"
                )]
                let count = rows.len() as f64;
                Ok(Answer::Value(rows.iter().flatten().sum::<f64>() / count))
            }
        }
    }

    fn choice(
        &self,
        tiles: impl Iterator<Item = Vec<Option<f64>>>,
        places: &[usize],
    ) -> Result<Answer, BackendError> {
        choice(&tiles.collect::<Vec<_>>(), places)
            .map(Answer::Choice)
            .map_err(|error| self.unreadable(&error.to_string()))
    }

    /// What the prompt wants of this model.
    fn reading(&self, prompt: &Prompt) -> Result<Reading, BackendError> {
        match (prompt.wanted(), &self.options.output) {
            (Wanted::Options(options), Output::Logits(labels) | Output::Probabilities(labels)) => {
                places(labels, options)
                    .map(Reading::Places)
                    .map_err(|message| self.cannot(message))
            }
            (Wanted::Value, Output::Value) => Ok(Reading::Value),
            (Wanted::Options(_), Output::Value) => {
                Err(self.cannot("it gives a number, and no probability of an option"))
            }
            (Wanted::Value, Output::Logits(_) | Output::Probabilities(_)) => {
                Err(self.cannot("it gives a probability for each label, not a number"))
            }
            (Wanted::Text, _) => Err(self.cannot("it writes no text")),
        }
    }

    fn image<'a>(&self, prompt: &'a Prompt) -> Result<&'a Image, BackendError> {
        let mut images = prompt.images();
        match (images.next(), images.next()) {
            (Some(image), None) => Ok(image),
            _ => Err(self.cannot("it looks at exactly one image")),
        }
    }

    /// Decodes and prepares a picture, away from the threads that wait for sockets.
    async fn tensors(&self, image: &Image) -> Result<Vec<Tensor>, BackendError> {
        let image = image.clone();
        let (preparation, limits) = (self.options.preparation.clone(), self.options.limits);
        let work = tokio::task::spawn_blocking(move || preparation.read(image.bytes(), &limits));
        match work.await {
            Ok(tensors) => tensors.map_err(|fault: ImageFault| BackendError::Image {
                code: fault.code(),
                message: fault.to_string(),
            }),
            Err(_) => Err(BackendError::Failed {
                message: "the picture could not be prepared, in an unforeseen way".into(),
            }),
        }
    }

    /// One finite number for each label, or one value.
    async fn infer(
        &self,
        place: &Place<'_>,
        wire: Wire,
        tensor: &Tensor,
    ) -> Result<Vec<f64>, BackendError> {
        let options = &self.options;
        let content = wire::request(wire, &options.input, &options.output_name, tensor);
        let path = format!("{}/infer", self.path);
        let reply = place.post_bytes(&path, Retry::Safe, content).await?;
        if reply.header("inference-header-content-length").is_none() {
            // An answer in JSON that is none is a fault of the wire, with its first bytes shown.
            reply.json()?;
        }
        let row = wire::numbers(&reply, &options.output_name)
            .map_err(|message| self.unreadable(&message))?;
        let labels: &[String] = match &options.output {
            Output::Logits(labels) | Output::Probabilities(labels) => labels,
            Output::Value => std::slice::from_ref(&options.output_name),
        };
        if row.len() != labels.len() {
            let message = format!("it gave {} numbers for {}", row.len(), labels.len());
            return Err(self.unreadable(&message));
        }
        match row
            .iter()
            .zip(labels)
            .find(|(number, _)| !number.is_finite())
        {
            Some((number, label)) => Err(BackendError::NotFinite {
                label: label.clone(),
                value: number.to_string(),
            }),
            None => Ok(row),
        }
    }

    /// The log of each probability, `None` for one that shows as 0.
    fn log_masses(&self, row: &[f64]) -> Result<Vec<Option<f64>>, BackendError> {
        let sum: f64 = row.iter().sum();
        if row.iter().any(|mass| *mass < 0.0) || (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(self.unreadable(&format!(
                "`{}` is said to give probabilities, and gave {row:?}",
                self.options.output_name
            )));
        }
        let log = |mass: &f64| (*mass > 0.0).then(|| (mass / sum).ln());
        Ok(row.iter().map(log).collect())
    }

    fn cannot(&self, message: impl Into<String>) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.id.name.clone(),
            message: message.into(),
        }
    }

    fn unreadable(&self, message: &str) -> BackendError {
        BackendError::Unreadable {
            message: format!("`{}`: {message}", self.id.name),
        }
    }

    /// What the server says of the model (`GET v2/models/NAME`).
    async fn metadata(&self) -> Result<Value, RemoteError> {
        let place = self.remote.enter().await?;
        self.wire.get_or_try_init(|| wire(&place)).await?;
        place.get(&format!("{}/ready", self.path)).await?;
        place.get_json(&self.path).await
    }
}

/// Asks the server how it takes numbers; one that does not say is sent JSON, which every server takes.
async fn wire(place: &Place<'_>) -> Result<Wire, RemoteError> {
    match place.get_json("v2").await {
        Ok(metadata) => Ok(wire::wire_of(&metadata)),
        Err(error) if error.status().is_some_and(|status| status < 500) => Ok(Wire::Json),
        Err(error) => Err(error),
    }
}

/// Whether the model has this input or output, as its metadata say; many servers leave the lists empty.
fn outlet(metadata: &Value, kind: &'static str, wanted: &str) -> Finding {
    let listed = metadata[format!("{kind}s")].as_array().map(Vec::as_slice);
    let names: Vec<&str> = listed
        .unwrap_or_default()
        .iter()
        .filter_map(|outlet| outlet["name"].as_str())
        .collect();
    Finding {
        subject: kind,
        holds: names.is_empty() || names.contains(&wanted),
        detail: if names.is_empty() {
            format!("the server does not list the {kind}s of the model; `{wanted}` is sent")
        } else {
            format!("`{wanted}` is wanted; the model has {}", names.join(", "))
        },
    }
}

#[async_trait]
impl Backend for Kserve {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn decodes_pictures(&self) -> bool {
        true
    }

    fn preprocessing(&self) -> String {
        self.options.preparation.id()
    }

    fn circuit(&self) -> Option<Circuit> {
        Some(self.remote.circuit())
    }

    fn abilities(&self) -> Abilities {
        let options = self.options.output != Output::Value;
        Abilities {
            images_per_prompt: 1,
            options,
            value: !options,
            text: false,
            log_probabilities: options,
            readouts: vec![if options {
                Readout::ClosedSet
            } else {
                Readout::Value
            }],
            // A classifier gives the same answer whatever words stand before it.
            answer_prefix: true,
            concurrency: self.remote.concurrency(),
        }
    }

    async fn probe(&self) -> Result<Abilities, BackendError> {
        self.metadata().await?;
        Ok(self.abilities())
    }

    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        let mut findings = examine_abilities(&self.abilities(), prompt);
        match self.metadata().await {
            Err(error) => findings.push(Finding {
                subject: "engine",
                holds: false,
                detail: error.to_string(),
            }),
            Ok(metadata) => {
                findings.push(Finding {
                    subject: "engine",
                    holds: true,
                    detail: format!("model `{}` is ready", self.id.model_revision),
                });
                findings.push(outlet(&metadata, "input", &self.options.input));
                findings.push(outlet(&metadata, "output", &self.options.output_name));
            }
        }
        if let Err(error) = self.reading(prompt) {
            findings.push(Finding {
                subject: "labels",
                holds: false,
                detail: error.to_string(),
            });
        }
        findings
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        futures::future::join_all(prompts.iter().map(|prompt| self.answer(prompt))).await
    }
}
