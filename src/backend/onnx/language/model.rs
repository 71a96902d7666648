//! The folder of a language model, read: what all of its sessions share, and opening them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LanguageOptions;
use super::config::ModelConfig;
use super::conversation::Speech;
use super::decoder::Decoder;
use super::labels::Vocabulary;
use super::template::{ChatTemplate, TEMPLATE_FILES};
use super::towers::{Embedder, Eye};
use super::worker::LanguageWorker;
use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::folder::Folder;
use crate::backend::onnx::processor::Processor;
use crate::backend::onnx::words::Words;
use crate::backend::onnx::{ModelError, OnnxRuntime, OpenError, threads};
use crate::digest::Digest;
use crate::pixels::Limits;

/// What every session of a model shares.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) speech: Speech,
    pub(super) vocabulary: Vocabulary,
    pub(super) processor: Processor,
    pub(super) limits: Limits,
    pub(super) images_per_prompt: usize,
}

/// The three graphs.
#[derive(Debug)]
struct Graphs {
    vision: PathBuf,
    embed: PathBuf,
    decoder: PathBuf,
}

/// Opens the sessions of one model.
#[derive(Debug)]
pub(super) struct LanguageOpener {
    runtime: OnnxRuntime,
    graphs: Graphs,
    /// Threads inside each session.
    threads: usize,
    revision: Digest,
    recipe: Arc<Recipe>,
}

impl LanguageOpener {
    pub(super) fn new(runtime: &OnnxRuntime, options: &LanguageOptions) -> Result<Self, OpenError> {
        let folder = Folder::open(&options.folder)?;
        let graph = |name: &str| match &options.variant {
            Some(variant) => (
                format!("onnx/{name}_{variant}.onnx"),
                folder.graph(&format!("{name}_{variant}")),
            ),
            None => (format!("onnx/{name}.onnx"), folder.graph(name)),
        };
        let (vision, embed, decoder) = (
            graph("vision_encoder"),
            graph("embed_tokens"),
            graph("decoder_model_merged"),
        );
        let template = folder.first(&[
            "chat_template.jinja",
            "chat_template.json",
            "tokenizer_config.json",
        ]);
        let [vision, embed, decoder, tokenizer, config, processor, _] = folder.need([
            (&vision.0, vision.1),
            (&embed.0, embed.1),
            (&decoder.0, decoder.1),
            ("tokenizer.json", folder.first(&["tokenizer.json"])),
            ("config.json", folder.first(&["config.json"])),
            (
                "preprocessor_config.json",
                folder.first(&["preprocessor_config.json"]),
            ),
            (TEMPLATE_FILES, template),
        ])?;
        let graphs = Graphs {
            vision,
            embed,
            decoder,
        };
        let small = [tokenizer, config, processor];
        let (recipe, template_files) = recipe(&folder, options, &small)?;
        let generation = folder.first(&["generation_config.json"]);
        let files: Vec<&Path> = [&graphs.vision, &graphs.embed, &graphs.decoder]
            .into_iter()
            .chain(&small)
            .chain(&template_files)
            .chain(&generation)
            .map(PathBuf::as_path)
            .collect();
        Ok(LanguageOpener {
            runtime: runtime.clone(),
            threads: options.threads_per_session.get(),
            revision: folder.revision(&files)?,
            graphs,
            recipe: Arc::new(recipe),
        })
    }

    pub(super) fn revision(&self) -> Digest {
        self.revision
    }

    pub(super) fn recipe(&self) -> &Arc<Recipe> {
        &self.recipe
    }
}

impl threads::Opener for LanguageOpener {
    type Worker = LanguageWorker;

    fn open(&self) -> Result<LanguageWorker, OpenError> {
        let (runtime, threads) = (&self.runtime, self.threads);
        let cache = self.recipe.speech.config.cache;
        Ok(LanguageWorker {
            recipe: Arc::clone(&self.recipe),
            eye: Eye::open(runtime, &self.graphs.vision, threads)?,
            embedder: Embedder::open(runtime, &self.graphs.embed, threads)?,
            decoder: Decoder::open(runtime, &self.graphs.decoder, threads, cache)?,
        })
    }
}

/// Reads the small files, and says which ones the template came from.
fn recipe(
    folder: &Folder,
    options: &LanguageOptions,
    [tokenizer, config_file, processor]: &[PathBuf; 3],
) -> Result<(Recipe, Vec<PathBuf>), OpenError> {
    let words = Words::load(tokenizer)?;
    let mut config = ModelConfig::load(config_file, folder)?;
    let mark = words.token(config.image_token).ok_or_else(|| {
        FolderError::not_understood(
            config_file.display().to_string(),
            format!(
                "it says that token {} stands for a picture, and `tokenizer.json` has no such token",
                config.image_token
            ),
        )
    })?;
    let found = ChatTemplate::load(folder, &mark)?;
    let (template, files) = found.ok_or_else(|| folder.missing(vec![TEMPLATE_FILES.to_owned()]))?;
    if let Some(end) = template.eos().and_then(|eos| words.id(eos)) {
        config.ends.push(end);
    }
    let vocabulary = words
        .by_text()
        .map_err(|error| ModelError::new(format!("`tokenizer.json` cannot be used: {error}")))?;
    let recipe = Recipe {
        speech: Speech {
            backend: options.name.clone(),
            words,
            template,
            config,
        },
        vocabulary,
        processor: Processor::load(processor)?,
        limits: options.limits,
        images_per_prompt: options.images_per_prompt.get(),
    };
    Ok((recipe, files))
}
