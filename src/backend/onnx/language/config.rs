//! What `config.json` and the small JSON files beside it say of a language model.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::folder::{Folder, read_json};

/// Model types whose way of placing pictures in the text is known here.
const KNOWN: [(&str, Family); 4] = [
    ("llava", Family::Llava),
    ("vipllava", Family::Llava),
    ("idefics3", Family::Idefics3),
    ("smolvlm", Family::Idefics3),
];

/// How a picture stands among the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The image token, once for each feature.
    Llava,
    /// The same between marks that say that it is one view of the whole picture.
    Idefics3,
}

/// A language model's own numbers.
#[derive(Debug, Clone)]
pub(super) struct ModelConfig {
    pub(super) family: Family,
    /// The token that stands for a feature of a picture.
    pub(super) image_token: u32,
    /// Features of one picture, where the vision tower's numbers say it.
    pub(super) features: Option<usize>,
    /// Whether the first feature stands for the whole picture and is left out.
    pub(super) drops_first: bool,
    /// Heads of the cache and their width, where stated.
    pub(super) cache: CacheShape,
    /// Most tokens that the model was made for, where stated.
    pub(super) most_tokens: Option<usize>,
    /// Tokens that end an answer.
    pub(super) ends: Vec<u32>,
}

/// Heads of the cache and their width.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CacheShape {
    pub(super) heads: Option<usize>,
    pub(super) width: Option<usize>,
}

#[derive(Deserialize)]
struct ConfigFile {
    model_type: String,
    image_token_index: Option<u32>,
    image_token_id: Option<u32>,
    vision_feature_select_strategy: Option<String>,
    scale_factor: Option<usize>,
    #[serde(default)]
    text_config: TextConfig,
    #[serde(default)]
    vision_config: VisionConfig,
    eos_token_id: Option<Value>,
}

#[derive(Default, Deserialize)]
struct TextConfig {
    num_key_value_heads: Option<usize>,
    num_attention_heads: Option<usize>,
    head_dim: Option<usize>,
    hidden_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    eos_token_id: Option<Value>,
}

#[derive(Default, Deserialize)]
struct VisionConfig {
    image_size: Option<usize>,
    patch_size: Option<usize>,
}

#[derive(Deserialize)]
struct GenerationFile {
    eos_token_id: Option<Value>,
}

impl ModelConfig {
    /// Reads `config.json`, and `generation_config.json` where there is one.
    pub(super) fn load(path: &Path, folder: &Folder) -> Result<Self, FolderError> {
        let file: ConfigFile = read_json(path)?;
        let wrong =
            |message: String| FolderError::not_understood(path.display().to_string(), message);
        let family = KNOWN.iter().find(|(name, _)| *name == file.model_type);
        let (_, family) = *family.ok_or_else(|| {
            let known = KNOWN.map(|(name, _)| name).join("`, `");
            wrong(format!(
                "model type `{}` is not known here; `{known}` are",
                file.model_type
            ))
        })?;
        let image_token = file
            .image_token_index
            .or(file.image_token_id)
            .ok_or_else(|| {
                wrong(
                    "it has no `image_token_index` or `image_token_id`; where would a picture go?"
                        .into(),
                )
            })?;
        let drops_first = match file.vision_feature_select_strategy.as_deref() {
            None | Some("default") => true,
            Some("full") => false,
            Some(other) => {
                return Err(wrong(format!(
                    "`vision_feature_select_strategy` is `{other}`; `default` and `full` are known here"
                )));
            }
        };
        let mut ends = tokens(file.eos_token_id.as_ref());
        ends.extend(tokens(file.text_config.eos_token_id.as_ref()));
        if let Some(path) = folder.first(&["generation_config.json"]) {
            let generation: GenerationFile = read_json(&path)?;
            ends.extend(tokens(generation.eos_token_id.as_ref()));
        }
        ends.sort_unstable();
        ends.dedup();
        Ok(ModelConfig {
            family,
            image_token,
            features: features(&file),
            drops_first,
            cache: file.text_config.cache(),
            most_tokens: file.text_config.max_position_embeddings,
            ends,
        })
    }
}

impl TextConfig {
    fn cache(&self) -> CacheShape {
        let width = match (self.hidden_size, self.num_attention_heads) {
            (Some(hidden), Some(heads)) if heads > 0 => Some(hidden / heads),
            (Some(_) | None, Some(_) | None) => None,
        };
        CacheShape {
            heads: self.num_key_value_heads.or(self.num_attention_heads),
            width: self.head_dim.or(width),
        }
    }
}

/// One feature for each patch; Idefics3 folds squares of patches into one.
fn features(file: &ConfigFile) -> Option<usize> {
    let patches =
        file.vision_config.image_size? / file.vision_config.patch_size.filter(|p| *p > 0)?;
    let fold = file.scale_factor.filter(|fold| *fold > 0).unwrap_or(1);
    Some(patches * patches / (fold * fold))
}

/// A token or a list of them.
fn tokens(value: Option<&Value>) -> Vec<u32> {
    let token = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(token).collect(),
        Some(value) => token(value).into_iter().collect(),
        None => Vec::new(),
    }
}
