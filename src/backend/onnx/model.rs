//! One model: from a prompt's pixels to the log mass of each option.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::{OnnxOptions, OnnxRuntime, OpenError, threads};
use crate::backend::{BackendError, closed_set};
use crate::card::{ModelFile, OnnxModel};
use crate::digest::Digest;
use crate::judging::{
    Answer, Choice, Coverage, Options, Prompt, Readout, Wanted, log_softmax, log_sum_exp,
};
use crate::pixels::{Limits, Preparation, Tensor};

/// A model file that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ModelError(String);

impl ModelError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        ModelError(message.into())
    }
}

/// Opens sessions on one model file.
#[derive(Debug)]
pub(super) struct Opener {
    runtime: OnnxRuntime,
    bytes: Arc<[u8]>,
    name: String,
    revision: Digest,
    recipe: Arc<Recipe>,
    cores: NonZeroUsize,
}

/// What every session of a model shares.
#[derive(Debug)]
struct Recipe {
    backend: String,
    model: OnnxModel,
    preparation: Preparation,
    limits: Limits,
}

/// One session.
#[derive(Debug)]
pub(super) struct Model {
    session: Session,
    recipe: Arc<Recipe>,
}

impl Opener {
    pub(super) fn new(runtime: &OnnxRuntime, options: &OnnxOptions) -> Result<Self, ModelError> {
        let (name, bytes): (String, Arc<[u8]>) = match &options.model.file {
            ModelFile::Embedded { name, bytes } => ((*name).to_owned(), Arc::from(*bytes)),
            ModelFile::Path(path) => {
                let name = path.display().to_string();
                let bytes = std::fs::read(path)
                    .map_err(|error| ModelError(format!("`{name}` cannot be read: {error}")))?;
                (name, Arc::from(bytes))
            }
        };
        let recipe = Recipe {
            backend: options.name.clone(),
            model: options.model.clone(),
            preparation: options.preparation.clone(),
            limits: options.limits,
        };
        Ok(Opener {
            runtime: runtime.clone(),
            revision: Digest::of(&bytes),
            bytes,
            name,
            recipe: Arc::new(recipe),
            cores: options.threads,
        })
    }

    pub(super) fn revision(&self) -> Digest {
        self.revision
    }

    fn open_model(&self, cores: NonZeroUsize) -> Result<Model, ModelError> {
        let session = self.session(cores).map_err(|error| {
            ModelError(format!("`{}` is not a usable model: {error}", self.name))
        })?;
        let OnnxModel { input, output, .. } = &self.recipe.model;
        for (kind, wanted, found) in [
            ("input", input, session.inputs()),
            ("output", output, session.outputs()),
        ] {
            if !found.iter().any(|outlet| outlet.name() == wanted) {
                let names: Vec<&str> = found.iter().map(|outlet| outlet.name()).collect();
                return Err(ModelError(format!(
                    "`{}` has no {kind} `{wanted}`; it has {}",
                    self.name,
                    names.join(", ")
                )));
            }
        }
        Ok(Model {
            session,
            recipe: Arc::clone(&self.recipe),
        })
    }

    fn session(&self, cores: NonZeroUsize) -> ort::Result<Session> {
        // Spinning threads of one session would take the core of another; memory patterns are made for
        // one fixed shape and ours change with every picture.
        Session::builder(self.runtime.environment())?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(cores.get())?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_memory_pattern(false)?
            .commit_from_memory(&self.bytes)
    }
}

impl threads::Opener for Opener {
    type Worker = Model;

    fn open(&self) -> Result<Model, OpenError> {
        Ok(self.open_model(NonZeroUsize::MIN)?)
    }

    /// Opens the model over every core that it may use, if there are several.
    fn open_wide(&self) -> Option<Result<Model, OpenError>> {
        (self.cores > NonZeroUsize::MIN).then(|| Ok(self.open_model(self.cores)?))
    }
}

impl threads::Worker for Model {
    /// The log mass of each option, in the order of the prompt.
    ///
    /// A picture of several tiles has the mean of its tiles' opinions: every pixel counts once.
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let options = self.readable_options(prompt)?;
        let tensors = self.tensors(prompt)?;
        let mut tiles = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            tiles.push(log_softmax(&self.run(&tensor)?));
        }
        let label_mass = mean_of_masses(&tiles);
        let log_mass = options.iter().map(|label| label_mass[*label]).collect();
        let choice =
            Choice::new(log_mass, Some(Coverage::FULL), Readout::ClosedSet).map_err(|error| {
                BackendError::Failed {
                    message: error.to_string(),
                }
            })?;
        Ok(Answer::Choice(choice))
    }
}

impl Model {
    /// The index of the label that each option names.
    fn readable_options(&self, prompt: &Prompt) -> Result<Vec<usize>, BackendError> {
        let labels = &self.recipe.model.labels;
        let options: &Options = match prompt.wanted() {
            Wanted::Options(options) => options,
            Wanted::Value => {
                return Err(self.cannot("it gives a probability for each label, not a number"));
            }
            Wanted::Text => {
                return Err(self.cannot("it gives a probability for each label, not text"));
            }
        };
        closed_set::places(labels, options).map_err(|message| self.cannot(&message))
    }

    fn tensors(&self, prompt: &Prompt) -> Result<Vec<Tensor>, BackendError> {
        let mut images = prompt.images();
        let (Some(image), None) = (images.next(), images.next()) else {
            return Err(self.cannot("it looks at exactly one image"));
        };
        let preparation = &self.recipe.preparation;
        let tensors = preparation.read(image.bytes(), &self.recipe.limits);
        tensors.map_err(BackendError::from)
    }

    fn run(&mut self, tensor: &Tensor) -> Result<Vec<f64>, BackendError> {
        let model = &self.recipe.model;
        let failed = |error: ort::Error| BackendError::Failed {
            message: format!("the model did not run: {error}"),
        };
        let input = TensorRef::from_array_view((tensor.shape(), tensor.data())).map_err(failed)?;
        let outputs = self
            .session
            .run(ort::inputs![model.input.as_str() => input])
            .map_err(failed)?;
        let (_, logits) = outputs[model.output.as_str()]
            .try_extract_tensor::<f32>()
            .map_err(failed)?;
        if logits.len() != model.labels.len() {
            let message = format!(
                "the model gave {} numbers for {} labels",
                logits.len(),
                model.labels.len()
            );
            return Err(BackendError::Failed { message });
        }
        match logits.iter().position(|logit| !logit.is_finite()) {
            Some(index) => Err(BackendError::NotFinite {
                label: model.labels[index].clone(),
                value: logits[index].to_string(),
            }),
            None => Ok(logits.iter().map(|logit| f64::from(*logit)).collect()),
        }
    }

    fn cannot(&self, message: &str) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.recipe.backend.clone(),
            message: message.to_owned(),
        }
    }
}

/// Logarithm of the mean probability of each label over the tiles.
fn mean_of_masses(tiles: &[Vec<f64>]) -> Vec<f64> {
    let labels = tiles.first().map_or(0, Vec::len);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture has far fewer than 2^52 tiles"
    )]
    let log_count = (tiles.len() as f64).ln();
    (0..labels)
        .map(|label| log_sum_exp(tiles.iter().map(|tile| tile[label])) - log_count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_averaged_as_probabilities() {
        let tiles = [log_softmax(&[0.0, 0.0]), log_softmax(&[3.0f64.ln(), 0.0])];
        let mean = mean_of_masses(&tiles);
        assert!((mean[0].exp() - (0.5 + 0.75) / 2.0).abs() < 1e-15);
        assert!((mean[1].exp() - (0.5 + 0.25) / 2.0).abs() < 1e-15);
    }

    #[test]
    fn masses_far_apart_stay_finite() {
        let mean = mean_of_masses(&[log_softmax(&[0.0, -2000.0])]);
        assert!(mean.iter().all(|mass| mass.is_finite()));
    }
}
