//! The two graphs before the decoder: pictures to features, tokens to embeddings.

use std::collections::VecDeque;
use std::path::Path;

use super::config::ModelConfig;
use crate::backend::BackendError;
use crate::backend::onnx::OnnxRuntime;
use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::graph::{Graph, floats};
use crate::digest::Digest;
use crate::judging::Image;
use crate::pixels::Tensor;

/// Pictures whose features are kept: a judge that asks several questions of a picture looks at it once.
const KEPT: usize = 4;

/// Rows of numbers, `[rows, width]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    pub(super) data: Vec<f32>,
    pub(super) width: usize,
}

impl Rows {
    pub(super) fn count(&self) -> usize {
        self.data.len() / self.width
    }

    fn new(shape: &[usize], data: Vec<f32>) -> Result<Self, BackendError> {
        let width = shape.last().copied().unwrap_or(0);
        if width == 0 || data.is_empty() {
            return Err(BackendError::Failed {
                message: format!("the model gave a tensor of shape {shape:?}, which holds nothing"),
            });
        }
        Ok(Rows { data, width })
    }
}

/// The vision tower and its projector.
#[derive(Debug)]
pub(super) struct Eye {
    graph: Graph,
    output: String,
    kept: VecDeque<(Digest, Rows)>,
}

impl Eye {
    pub(super) fn open(
        runtime: &OnnxRuntime,
        path: &Path,
        threads: usize,
    ) -> Result<Self, FolderError> {
        let graph = Graph::open(runtime, path, threads)?;
        let pixels = graph.needed_input("pixel_values")?;
        if !matches!(pixels.shape.len(), 4 | 5) {
            return Err(FolderError::not_understood(
                graph.file(),
                "its `pixel_values` are neither [1, 3, height, width] nor [1, views, 3, height, width]",
            ));
        }
        graph
            .refuse_other_inputs(|name| matches!(name, "pixel_values" | "pixel_attention_mask"))?;
        let output =
            graph.one_output_of(&["image_features", "last_hidden_state", "image_embeds"])?;
        Ok(Eye {
            graph,
            output,
            kept: VecDeque::with_capacity(KEPT),
        })
    }

    /// The features of a picture, as the decoder takes them.
    pub(super) fn see(
        &mut self,
        image: &Image,
        config: &ModelConfig,
        prepare: impl FnOnce() -> Result<Tensor, BackendError>,
    ) -> Result<Rows, BackendError> {
        if let Some((_, rows)) = self.kept.iter().find(|(seen, _)| *seen == image.digest()) {
            return Ok(rows.clone());
        }
        let rows = self.features(&prepare()?)?;
        let rows = selected(rows, config)?;
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((image.digest(), rows.clone()));
        Ok(rows)
    }

    fn features(&mut self, tensor: &Tensor) -> Result<Rows, BackendError> {
        let [_, _, height, width] = tensor.shape();
        let mut feeds = Vec::new();
        for port in self.graph.inputs() {
            let many = port.shape.len() == 5;
            feeds.push(match port.name.as_str() {
                "pixel_values" if many => port.floats(&[1, 1, 3, height, width], tensor.data())?,
                "pixel_values" => port.floats(&tensor.shape(), tensor.data())?,
                _ => port.integers(&[1, 1, height, width], &vec![1; height * width])?,
            });
        }
        let outputs = self.graph.run(feeds)?;
        let (shape, data) = floats(&outputs, &self.output)?;
        Rows::new(&shape, data)
    }
}

/// Leaves the feature out that stands for the whole picture, where the tower gives it and the model takes none.
fn selected(mut rows: Rows, config: &ModelConfig) -> Result<Rows, BackendError> {
    let Some(expected) = config.features else {
        return Ok(rows);
    };
    if rows.count() == expected + 1 && config.drops_first {
        rows.data.drain(..rows.width);
    }
    if rows.count() == expected || (rows.count() == expected + 1 && !config.drops_first) {
        return Ok(rows);
    }
    Err(BackendError::Failed {
        message: format!(
            "the vision tower gave {} features; `image_size` and `patch_size` in `config.json` make {expected}",
            rows.count()
        ),
    })
}

/// The table of embeddings.
#[derive(Debug)]
pub(super) struct Embedder {
    graph: Graph,
    output: String,
}

impl Embedder {
    pub(super) fn open(
        runtime: &OnnxRuntime,
        path: &Path,
        threads: usize,
    ) -> Result<Self, FolderError> {
        let graph = Graph::open(runtime, path, threads)?;
        graph.needed_input("input_ids")?;
        graph.refuse_other_inputs(|name| name == "input_ids")?;
        let output = graph.one_output_of(&["inputs_embeds"])?;
        Ok(Embedder { graph, output })
    }

    /// One row for each token.
    pub(super) fn embed(&mut self, tokens: &[u32]) -> Result<Rows, BackendError> {
        let ids: Vec<i64> = tokens.iter().map(|token| i64::from(*token)).collect();
        let mut feeds = Vec::new();
        for port in self.graph.inputs() {
            feeds.push(port.integers(&[1, ids.len()], &ids)?);
        }
        let outputs = self.graph.run(feeds)?;
        let (shape, data) = floats(&outputs, &self.output)?;
        Rows::new(&shape, data)
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::{CacheShape, Family};
    use super::*;

    fn config(features: Option<usize>, drops_first: bool) -> ModelConfig {
        ModelConfig {
            family: Family::Llava,
            image_token: 0,
            features,
            drops_first,
            cache: CacheShape::default(),
            most_tokens: None,
            ends: vec![],
        }
    }

    #[test]
    fn the_feature_of_the_whole_picture_is_left_out_only_where_it_is_one_too_many() {
        let rows = || Rows {
            data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            width: 2,
        };
        let kept =
            |features, drops| selected(rows(), &config(features, drops)).map(|rows| rows.data);
        assert_eq!(kept(Some(2), true).unwrap(), [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(kept(Some(3), true).unwrap(), rows().data);
        assert_eq!(kept(Some(2), false).unwrap(), rows().data);
        assert_eq!(kept(None, true).unwrap(), rows().data);
        assert!(kept(Some(4), true).is_err());
    }
}
