//! Dual encoders, CLIP and SigLIP: a picture and words as directions in one space.
//!
//! The options of a closed question are the words themselves (`Good photo.` against `Bad photo.`), completed
//! by the answer prefix where there is one; the rest of the question is not read, for the model cannot.

mod towers;
mod worker;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::captions::Captions;
use super::error::FolderError;
use super::folder::{Folder, read_json};
use super::graph::Graph;
use super::processor::Processor;
use super::threads::ModelThreads;
use super::{OnnxRuntime, OpenError, threads};
use crate::backend::{Abilities, Backend, BackendError, BackendId};
use crate::digest::Digest;
use crate::judging::{Answer, Prompt, Readout};
use crate::pixels::Limits;
use towers::{Files, LogitScale, Towers};
use worker::{DualWorker, Recipe};

/// What a dual encoder needs to be opened.
#[derive(Debug, Clone)]
pub struct DualEncoderOptions {
    /// Name of the backend in provenance.
    pub name: String,
    /// The folder of the export.
    pub folder: PathBuf,
    /// What a cosine is multiplied by before the softmax; needed where the files do not hold it.
    pub logit_scale: Option<f64>,
    /// What is added to it, which a softmax does not see and [`ValueOf::Sigmoid`] does.
    pub logit_bias: Option<f64>,
    /// What a question for a number is answered with; `None` answers none.
    pub value: Option<ValueOf>,
    /// Whether a text that is too long is cut; else it is refused.
    pub truncate: bool,
    /// What is decoded at all.
    pub limits: Limits,
    /// Copies of the model in memory, each on a thread of its own.
    pub sessions: NonZeroUsize,
    /// Threads inside each session.
    pub threads_per_session: NonZeroUsize,
}

/// Which number a dual encoder answers with.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueOf {
    /// `scale * max(cosine, at_least)` of picture and text: CLIPScore has 2.5 and 0.
    Cosine {
        /// What it is multiplied by.
        scale: f64,
        /// The least cosine that counts; -1 keeps all.
        at_least: f64,
    },
    /// `1 / (1 + exp(-(logit_scale * cosine + logit_bias)))`: SigLIP's probability that picture and text match.
    Sigmoid,
    /// An ONNX head on the direction of the picture alone, such as LAION's aesthetic predictor.
    Head {
        /// From `[1, width]`, of length 1, to one number.
        file: PathBuf,
    },
}

#[derive(Deserialize)]
struct ConfigFile {
    model_type: String,
    #[serde(default)]
    text_config: TextConfig,
}

#[derive(Default, Deserialize)]
struct TextConfig {
    max_position_embeddings: Option<usize>,
}

/// A dual encoder as a backend.
#[derive(Debug)]
pub struct DualEncoder {
    id: BackendId,
    preprocessing: String,
    threads: ModelThreads,
    value: bool,
    concurrency: usize,
}

impl DualEncoder {
    /// Reads the folder and opens the model once, so that a bad file is found now.
    ///
    /// # Errors
    /// Missing files, each by its name; files that are not what they should be; a logit scale that nobody states.
    pub fn open(runtime: &OnnxRuntime, options: DualEncoderOptions) -> Result<Self, OpenError> {
        let opener = Arc::new(DualOpener::new(runtime, &options)?);
        let id = BackendId {
            name: options.name,
            model_revision: opener.revision.to_string(),
        };
        Ok(DualEncoder {
            id,
            preprocessing: opener.recipe.processor.id(),
            threads: ModelThreads::start(&opener, options.sessions.get())?,
            value: options.value.is_some(),
            concurrency: options.sessions.get(),
        })
    }
}

#[async_trait]
impl Backend for DualEncoder {
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
            value: self.value,
            ..Abilities::of_classifier(Readout::Similarity, self.concurrency)
        }
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.threads.ask(prompts).await
    }
}

/// Opens the sessions of one model.
#[derive(Debug)]
struct DualOpener {
    runtime: OnnxRuntime,
    files: Files,
    head: Option<PathBuf>,
    threads: usize,
    stated: Option<LogitScale>,
    revision: Digest,
    recipe: Arc<Recipe>,
}

impl DualOpener {
    fn new(runtime: &OnnxRuntime, options: &DualEncoderOptions) -> Result<Self, OpenError> {
        let folder = Folder::open(&options.folder)?;
        let files = Files::find(&folder)?;
        let [tokenizer, config_file, processor] = folder.need([
            ("tokenizer.json", folder.first(&["tokenizer.json"])),
            ("config.json", folder.first(&["config.json"])),
            (
                "preprocessor_config.json",
                folder.first(&["preprocessor_config.json"]),
            ),
        ])?;
        let config: ConfigFile = read_json(&config_file)?;
        // SigLIP was trained on texts filled up to one length, CLIP reads them as long as they are.
        let filled_up = match config.model_type.as_str() {
            "clip" => false,
            "siglip" => true,
            other => {
                return Err(FolderError::not_understood(
                    config_file.display().to_string(),
                    format!("model type `{other}` is not known here; `clip` and `siglip` are"),
                )
                .into());
            }
        };
        let most = config.text_config.max_position_embeddings;
        let captions = Captions::load(&folder, &tokenizer, most, filled_up, options.truncate)?;
        let head = match &options.value {
            Some(ValueOf::Head { file }) => Some(head_file(file)?),
            Some(ValueOf::Cosine { .. } | ValueOf::Sigmoid) | None => None,
        };
        let captions_files = Captions::files(&folder);
        let small = [&tokenizer, &config_file, &processor];
        let mut all: Vec<&Path> = files.paths();
        all.extend(
            small
                .into_iter()
                .chain(&captions_files)
                .chain(&head)
                .map(PathBuf::as_path),
        );
        let stated = options.logit_scale.map(|scale| LogitScale {
            scale,
            bias: options.logit_bias.unwrap_or(0.0),
        });
        Ok(DualOpener {
            runtime: runtime.clone(),
            revision: revision(&folder, &all, options)?,
            files,
            head,
            threads: options.threads_per_session.get(),
            stated,
            recipe: Arc::new(Recipe {
                backend: options.name.clone(),
                captions,
                processor: Processor::load(&processor)?,
                limits: options.limits,
                value: options.value.clone(),
            }),
        })
    }
}

impl threads::Opener for DualOpener {
    type Worker = DualWorker;

    fn open(&self) -> Result<DualWorker, OpenError> {
        let mut towers = Towers::open(&self.runtime, &self.files, self.threads)?;
        let scale = match self.stated {
            Some(stated) => stated,
            None => towers.measured_scale(&self.recipe)?,
        };
        let head = self.head.as_deref();
        let head = head.map(|path| Graph::open(&self.runtime, path, self.threads));
        Ok(DualWorker::new(
            Arc::clone(&self.recipe),
            towers,
            scale,
            head.transpose()?,
        ))
    }
}

fn head_file(file: &Path) -> Result<PathBuf, FolderError> {
    if file.is_file() {
        return Ok(file.to_path_buf());
    }
    Err(FolderError::Missing {
        folder: file.parent().unwrap_or(file).display().to_string(),
        files: vec![
            file.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        ],
        remedy: "`value.file` in the configuration names the head".into(),
    })
}

/// Digest of the files and of what the configuration adds to them: an answer depends on both.
fn revision(
    folder: &Folder,
    files: &[&Path],
    options: &DualEncoderOptions,
) -> Result<Digest, FolderError> {
    let files = folder.revision(files)?;
    let set = match &options.value {
        Some(ValueOf::Cosine { scale, at_least }) => format!("cosine {scale} {at_least}"),
        Some(ValueOf::Sigmoid) => "sigmoid".to_owned(),
        Some(ValueOf::Head { .. }) => "head".to_owned(),
        None => "none".to_owned(),
    };
    let stated = format!(
        "{:?} {:?} {}",
        options.logit_scale, options.logit_bias, options.truncate
    );
    Ok(Digest::of_fields([
        &files.as_bytes()[..],
        set.as_bytes(),
        stated.as_bytes(),
    ]))
}
