//! Reward models: a picture, and a text where the model reads one, to one number.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::captions::Captions;
use super::error::FolderError;
use super::folder::Folder;
use super::graph::{Graph, floats};
use super::processor::Processor;
use super::threads::{self, ModelThreads};
use super::{OnnxRuntime, OpenError};
use crate::backend::{Abilities, Backend, BackendError, BackendId};
use crate::digest::Digest;
use crate::judging::{Answer, Part, Prompt, Readout, Wanted};
use crate::pixels::Limits;

const KNOWN_INPUTS: [&str; 3] = ["pixel_values", "input_ids", "attention_mask"];

/// What a reward model needs to be opened.
#[derive(Debug, Clone)]
pub struct ScalarOptions {
    /// Name of the backend in provenance.
    pub name: String,
    /// The folder: `model.onnx`, `preprocessor_config.json`, and `tokenizer.json` where text is read.
    pub folder: PathBuf,
    /// The output that is the number; needed where there are several.
    pub output: Option<String>,
    /// Subtracted from the output, as the authors publish it; 0 leaves it.
    pub mean: f64,
    /// What it is then divided by; 1 leaves it.
    pub deviation: f64,
    /// Whether a text that is too long is cut; else it is refused.
    pub truncate: bool,
    /// What is decoded at all.
    pub limits: Limits,
    /// Copies of the model in memory, each on a thread of its own.
    pub sessions: NonZeroUsize,
    /// Threads inside each session.
    pub threads_per_session: NonZeroUsize,
}

/// A reward model as a backend.
#[derive(Debug)]
pub struct Scalar {
    id: BackendId,
    preprocessing: String,
    threads: ModelThreads,
    concurrency: usize,
}

impl Scalar {
    /// Reads the folder and opens the model once, so that a bad file is found now.
    ///
    /// # Errors
    /// Missing files, each by its name; files that are not what they should be; inputs or outputs that are not understood.
    pub fn open(runtime: &OnnxRuntime, options: ScalarOptions) -> Result<Self, OpenError> {
        let opener = Arc::new(ScalarOpener::new(runtime, &options)?);
        let id = BackendId {
            name: options.name,
            model_revision: opener.revision.to_string(),
        };
        Ok(Scalar {
            id,
            preprocessing: opener.recipe.processor.id(),
            threads: ModelThreads::start(&opener, options.sessions.get())?,
            concurrency: options.sessions.get(),
        })
    }
}

#[async_trait]
impl Backend for Scalar {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn decodes_pictures(&self) -> bool {
        true
    }

    fn preprocessing(&self) -> String {
        self.preprocessing.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            images_per_prompt: 1,
            options: false,
            value: true,
            text: false,
            log_probabilities: false,
            readouts: vec![Readout::Value],
            answer_prefix: false,
            concurrency: self.concurrency,
        }
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.threads.ask(prompts).await
    }
}

/// Opens the sessions of one model.
#[derive(Debug)]
struct ScalarOpener {
    runtime: OnnxRuntime,
    graph: PathBuf,
    threads: usize,
    revision: Digest,
    recipe: Arc<Recipe>,
}

/// What every session of a model shares.
#[derive(Debug)]
struct Recipe {
    backend: String,
    output: Option<String>,
    mean: f64,
    deviation: f64,
    folder: Folder,
    captions: Option<Captions>,
    processor: Processor,
    limits: Limits,
}

/// The session of one thread.
#[derive(Debug)]
struct ScalarWorker {
    recipe: Arc<Recipe>,
    graph: Graph,
    output: String,
}

impl ScalarOpener {
    fn new(runtime: &OnnxRuntime, options: &ScalarOptions) -> Result<Self, OpenError> {
        let folder = Folder::open(&options.folder)?;
        let [graph, processor] = folder.need([
            ("onnx/model.onnx", folder.graph("model")),
            (
                "preprocessor_config.json",
                folder.first(&["preprocessor_config.json"]),
            ),
        ])?;
        let tokenizer = folder.first(&["tokenizer.json"]);
        let captions = tokenizer
            .as_ref()
            .map(|path| Captions::load(&folder, path, None, false, options.truncate))
            .transpose()?;
        let more = Captions::files(&folder);
        let files: Vec<&Path> = [&graph, &processor]
            .into_iter()
            .chain(&tokenizer)
            .chain(&more)
            .map(PathBuf::as_path)
            .collect();
        let files = folder.revision(&files)?;
        let set = format!(
            "{:?} {} {} {}",
            options.output, options.mean, options.deviation, options.truncate
        );
        Ok(ScalarOpener {
            runtime: runtime.clone(),
            graph,
            threads: options.threads_per_session.get(),
            revision: Digest::of_fields([&files.as_bytes()[..], set.as_bytes()]),
            recipe: Arc::new(Recipe {
                backend: options.name.clone(),
                output: options.output.clone(),
                mean: options.mean,
                deviation: options.deviation,
                captions,
                processor: Processor::load(&processor)?,
                limits: options.limits,
                folder,
            }),
        })
    }
}

impl threads::Opener for ScalarOpener {
    type Worker = ScalarWorker;

    fn open(&self) -> Result<ScalarWorker, OpenError> {
        let recipe = Arc::clone(&self.recipe);
        let graph = Graph::open(&self.runtime, &self.graph, self.threads)?;
        graph.needed_input("pixel_values")?;
        graph.refuse_other_inputs(|name| KNOWN_INPUTS.contains(&name))?;
        if graph.input("input_ids").is_some() && recipe.captions.is_none() {
            return Err(recipe
                .folder
                .missing(vec!["tokenizer.json".to_owned()])
                .into());
        }
        let output = match &recipe.output {
            Some(output) => graph.one_output_of(&[output])?,
            None => graph.only_output()?,
        };
        Ok(ScalarWorker {
            recipe,
            graph,
            output,
        })
    }
}

impl threads::Worker for ScalarWorker {
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        match prompt.wanted() {
            Wanted::Value => {}
            Wanted::Options(_) => return Err(recipe.cannot("it gives one number, not a choice")),
            Wanted::Text => return Err(recipe.cannot("it gives one number, not text")),
        }
        let mut images = prompt.images();
        let (Some(image), None) = (images.next(), images.next()) else {
            return Err(recipe.cannot("it looks at exactly one image"));
        };
        let mut feeds = match (&recipe.captions, self.graph.input("input_ids")) {
            (Some(captions), Some(_)) => {
                let tokens = captions.tokens(&recipe.text(prompt)?);
                let tokens = tokens.map_err(|refusal| refusal.of(&recipe.backend))?;
                captions.feeds(&self.graph, &tokens)?
            }
            (Some(_) | None, Some(_) | None) => Vec::new(),
        };
        let tensor = recipe.processor.tensor(image.bytes(), &recipe.limits)?;
        let pixels = self
            .graph
            .input("pixel_values")
            .expect("opened with this input");
        feeds.push(pixels.floats(&tensor.shape(), tensor.data())?);
        let outputs = self.graph.run(feeds)?;
        let raw = only(&floats(&outputs, &self.output)?.1, &self.output)?;
        Ok(Answer::Value((raw - recipe.mean) / recipe.deviation))
    }
}

impl Recipe {
    fn text(&self, prompt: &Prompt) -> Result<String, BackendError> {
        let texts = prompt.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.trim()),
            Part::Image(_) => None,
        });
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        if texts.is_empty() {
            return Err(self.cannot("it judges a picture by a text, and the prompt has none"));
        }
        Ok(texts.join(" "))
    }

    fn cannot(&self, message: &str) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.backend.clone(),
            message: message.to_owned(),
        }
    }
}

impl Graph {
    /// The output, where there is one.
    fn only_output(&self) -> Result<String, FolderError> {
        match self.outputs() {
            [output] => Ok(output.name.clone()),
            outputs => {
                let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
                Err(FolderError::not_understood(
                    self.file(),
                    format!(
                        "it has the outputs {}; set `output` to the one that is the number",
                        names.join(", ")
                    ),
                ))
            }
        }
    }

    /// The one number that a graph with one input makes of these.
    pub(super) fn only_number(
        &mut self,
        shape: &[usize],
        data: &[f32],
    ) -> Result<f64, BackendError> {
        let [port] = self.inputs() else {
            return Err(BackendError::Failed {
                message: format!("`{}` has not exactly one input", self.file()),
            });
        };
        let feed = port.floats(shape, data)?;
        let output = self
            .outputs()
            .first()
            .map(|port| port.name.clone())
            .unwrap_or_default();
        let outputs = self.run(vec![feed])?;
        only(&floats(&outputs, &output)?.1, &output)
    }
}

/// One finite number.
fn only(numbers: &[f32], output: &str) -> Result<f64, BackendError> {
    match *numbers {
        [number] if number.is_finite() => Ok(f64::from(number)),
        [number] => Err(BackendError::NotFinite {
            label: output.to_owned(),
            value: number.to_string(),
        }),
        _ => Err(BackendError::Failed {
            message: format!(
                "the model gave {} numbers as `{output}` where one was wanted",
                numbers.len()
            ),
        }),
    }
}
