//! The model that answers unless another backend is named.

use toml::Spanned;

use super::Place;
use crate::card::file::BackendFile;
use crate::card::{CardError, ModelFile, OnnxModel, Recipe};
use crate::pixels::Preparation;

impl Place<'_> {
    pub(super) fn backend(
        &self,
        typed: Spanned<BackendFile>,
        recipe: &Recipe,
        preparation: Option<&Preparation>,
    ) -> Result<OnnxModel, CardError> {
        let span = typed.span();
        let BackendFile::Onnx {
            model,
            input,
            output,
            labels,
        } = typed.into_inner();
        if preparation.is_none() {
            return Err(self.error(
                span,
                "an `onnx` backend needs a `[preprocessing]` section: the model takes numbers",
            ));
        }
        let Some(levels) = recipe.levels() else {
            return Err(self.error(span, "an `onnx` classifier answers a `score` judge only"));
        };
        if let Some(name) = levels
            .options()
            .names()
            .find(|name| !labels.iter().any(|label| label == name))
        {
            let message = format!(
                "level `{name}` is not among the model's `labels`: {}",
                labels.join(", ")
            );
            return Err(self.error(span, message));
        }
        let file = match (self.0.embedded, self.0.folder) {
            (Some(embedded), _) => embedded.clone(),
            (None, Some(folder)) => ModelFile::Path(folder.join(&model)),
            (None, None) => {
                return Err(self.error(span, "this card has no folder to read its model from"));
            }
        };
        if let ModelFile::Path(path) = &file
            && !path.is_file()
        {
            return Err(self.error(
                span,
                format!("model file `{}` does not exist", path.display()),
            ));
        }
        Ok(OnnxModel {
            file,
            input,
            output,
            labels,
        })
    }
}
