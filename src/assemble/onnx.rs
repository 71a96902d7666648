//! Opens the models in this process that the configuration names.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use super::hub::{self, Wanted};
use super::remote::NoClient;
use super::{AssembleError, cores};
use crate::backend::Backend;
use crate::backend::onnx::{
    DualEncoder, DualEncoderOptions, FolderError, Language, LanguageOptions, OnnxRuntime,
    OpenError, RuntimeError, Scalar, ScalarOptions, ValueOf,
};
use crate::config::{
    Config, ExportPlace, OnnxDualEncoderConfig, OnnxLanguageConfig, OnnxScalarConfig,
    SimilarityConfig,
};
use crate::engine::BackendState;

/// What every such model is opened with.
pub(super) struct Opener<'a> {
    name: &'a str,
    runtime: &'a Result<OnnxRuntime, RuntimeError>,
    config: &'a Config,
}

impl<'a> Opener<'a> {
    pub(super) fn new(
        name: &'a str,
        runtime: &'a Result<OnnxRuntime, RuntimeError>,
        config: &'a Config,
    ) -> Self {
        Opener {
            name,
            runtime,
            config,
        }
    }

    pub(super) fn language(
        &self,
        language: &OnnxLanguageConfig,
    ) -> Result<BackendState, AssembleError> {
        let (sessions, threads_per_session) = shares(language.threads);
        let options = |folder| LanguageOptions {
            name: self.name.to_owned(),
            folder,
            variant: language.variant.clone(),
            limits: self.config.image_limits(),
            sessions,
            threads_per_session,
            images_per_prompt: language.images_per_prompt.unwrap_or(NonZeroUsize::MIN),
        };
        self.opened(
            &language.folder,
            Wanted::Language(language),
            |runtime, folder| Language::open(runtime, options(folder)),
        )
    }

    pub(super) fn dual_encoder(
        &self,
        encoder: &OnnxDualEncoderConfig,
    ) -> Result<BackendState, AssembleError> {
        let (sessions, threads_per_session) = shares(encoder.threads);
        let options = |folder| DualEncoderOptions {
            name: self.name.to_owned(),
            folder,
            logit_scale: encoder.logit_scale,
            logit_bias: encoder.logit_bias,
            value: encoder.value.as_ref().map(value_of),
            truncate: encoder.truncate,
            limits: self.config.image_limits(),
            sessions,
            threads_per_session,
        };
        self.opened(&encoder.folder, Wanted::DualEncoder, |runtime, folder| {
            DualEncoder::open(runtime, options(folder))
        })
    }

    pub(super) fn scalar(&self, scalar: &OnnxScalarConfig) -> Result<BackendState, AssembleError> {
        let (sessions, threads_per_session) = shares(scalar.threads);
        let options = |folder| ScalarOptions {
            name: self.name.to_owned(),
            folder,
            output: scalar.output.clone(),
            mean: scalar.mean.unwrap_or(0.0),
            deviation: scalar.deviation.unwrap_or(1.0),
            truncate: scalar.truncate,
            limits: self.config.image_limits(),
            sessions,
            threads_per_session,
        };
        self.opened(&scalar.folder, Wanted::Scalar, |runtime, folder| {
            Scalar::open(runtime, options(folder))
        })
    }

    /// A missing library or folder makes a backend unavailable; one that is there and wrong is an error.
    fn opened<B: Backend + 'static>(
        &self,
        place: &ExportPlace,
        wanted: Wanted<'_>,
        open: impl FnOnce(&OnnxRuntime, PathBuf) -> Result<B, OpenError>,
    ) -> Result<BackendState, AssembleError> {
        let unavailable = |remedy: String| Ok(BackendState::Unavailable { remedy });
        let runtime = match self.runtime {
            Ok(runtime) => runtime,
            Err(error) => return unavailable(error.to_string()),
        };
        let folder = match place {
            ExportPlace::Folder(folder) => folder.clone(),
            ExportPlace::Hub(address) => match hub::folder(self.name, address, wanted, self.config)
            {
                Ok(folder) => folder,
                Err(NoClient::Missing(remedy)) => return unavailable(remedy),
                Err(NoClient::Wrong(error)) => return Err(error),
            },
        };
        match open(runtime, folder) {
            Ok(backend) => Ok(BackendState::Ready(Arc::new(backend))),
            Err(OpenError::Folder(error @ FolderError::NoFolder { .. })) => {
                unavailable(error.to_string())
            }
            Err(error) => Err(AssembleError::BackendModel {
                backend: self.name.to_owned(),
                error,
            }),
        }
    }
}

/// Copies of a model, one unless set, and the cores for each.
fn shares(copies: Option<NonZeroUsize>) -> (NonZeroUsize, NonZeroUsize) {
    let copies = copies.unwrap_or(NonZeroUsize::MIN);
    let each = NonZeroUsize::new(cores().get() / copies).unwrap_or(NonZeroUsize::MIN);
    (copies, each)
}

fn value_of(config: &SimilarityConfig) -> ValueOf {
    match config {
        SimilarityConfig::Cosine { scale, at_least } => ValueOf::Cosine {
            scale: *scale,
            at_least: *at_least,
        },
        SimilarityConfig::Sigmoid => ValueOf::Sigmoid,
        SimilarityConfig::Head { file } => ValueOf::Head { file: file.clone() },
    }
}
