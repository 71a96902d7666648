//! The decoder: from embeddings to logits, with the cache that lets a text go on.

use std::path::Path;

use ort::value::DynValue;

use super::config::CacheShape;
use crate::backend::BackendError;
use crate::backend::onnx::OnnxRuntime;
use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::graph::{Feed, Graph, Port, last_rows};

const PAST: &str = "past_key_values.";
const OTHER_INPUTS: [&str; 5] = [
    "inputs_embeds",
    "attention_mask",
    "position_ids",
    "use_cache_branch",
    "num_logits_to_keep",
];

/// A decoder's session.
#[derive(Debug)]
pub(super) struct Decoder {
    graph: Graph,
    cache: Vec<Cached>,
    logits: String,
}

/// One tensor of the cache: what goes in, what comes out, and its shape while it is empty.
#[derive(Debug)]
struct Cached {
    input: Port,
    output: String,
    empty: [usize; 4],
}

/// All that the decoder has read so far. A text can go on from it in several ways.
#[derive(Debug)]
pub(super) struct Past {
    cache: Vec<DynValue>,
    /// The embeddings themselves, for a decoder that keeps no cache.
    read: Vec<f32>,
    length: usize,
}

impl Past {
    /// Nothing read.
    pub(super) fn empty() -> Self {
        Past {
            cache: Vec::new(),
            read: Vec::new(),
            length: 0,
        }
    }

    /// Tokens read.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

impl Decoder {
    pub(super) fn open(
        runtime: &OnnxRuntime,
        path: &Path,
        threads: usize,
        shape: CacheShape,
    ) -> Result<Self, FolderError> {
        let graph = Graph::open(runtime, path, threads)?;
        graph.needed_input("inputs_embeds")?;
        graph.refuse_other_inputs(|name| name.starts_with(PAST) || OTHER_INPUTS.contains(&name))?;
        let positions = graph.input("position_ids");
        if let Some(port) = positions.filter(|port| port.shape.len() != 2) {
            return Err(FolderError::not_understood(
                graph.file(),
                format!(
                    "its `position_ids` have {} axes; positions in a plane or in time are not known here, only [1, tokens]",
                    port.shape.len()
                ),
            ));
        }
        let logits = graph.one_output_of(&["logits"])?;
        let cache = graph
            .inputs()
            .iter()
            .filter(|port| port.name.starts_with(PAST))
            .map(|port| Cached::new(&graph, port, shape))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Decoder {
            graph,
            cache,
            logits,
        })
    }

    /// Reads more embeddings, `[tokens, width]`; gives the logits after each of the last `keep` tokens.
    pub(super) fn read(
        &mut self,
        past: &Past,
        embeddings: &[f32],
        width: usize,
        keep: usize,
    ) -> Result<(Vec<Vec<f32>>, Past), BackendError> {
        let whole: Vec<f32>;
        let (embeddings, before) = if self.cache.is_empty() {
            whole = [&past.read, embeddings].concat();
            (whole.as_slice(), 0)
        } else {
            (embeddings, past.length)
        };
        let tokens = embeddings.len() / width;
        let mut feeds = self.feeds(embeddings, [1, tokens, width], before, keep)?;
        for (index, cached) in self.cache.iter().enumerate() {
            feeds.push(match past.cache.get(index) {
                Some(value) => (cached.input.name.clone(), value.into()),
                None => cached.input.floats(&cached.empty, &[])?,
            });
        }
        let mut outputs = self.graph.run(feeds)?;
        let rows = last_rows(&outputs, &self.logits, keep)?;
        let mut cache = Vec::with_capacity(self.cache.len());
        for cached in &self.cache {
            let value = outputs.remove(&cached.output);
            cache.push(value.ok_or_else(|| BackendError::Failed {
                message: format!("the model gave no `{}`", cached.output),
            })?);
        }
        drop(outputs);
        let read = if self.cache.is_empty() {
            embeddings.to_vec()
        } else {
            Vec::new()
        };
        Ok((
            rows,
            Past {
                cache,
                read,
                length: before + tokens,
            },
        ))
    }

    fn feeds(
        &self,
        embeddings: &[f32],
        shape: [usize; 3],
        before: usize,
        keep: usize,
    ) -> Result<Vec<Feed<'static>>, BackendError> {
        let all = before + shape[1];
        let mut feeds = Vec::with_capacity(self.graph.inputs().len());
        for port in self.graph.inputs() {
            let scalar: &[usize] = if port.shape.is_empty() { &[] } else { &[1] };
            match port.name.as_str() {
                "inputs_embeds" => feeds.push(port.floats(&shape, embeddings)?),
                "attention_mask" => feeds.push(port.integers(&[1, all], &vec![1; all])?),
                "position_ids" => {
                    let positions: Vec<i64> = (before..all).map(whole).collect();
                    feeds.push(port.integers(&[1, shape[1]], &positions)?);
                }
                "use_cache_branch" => {
                    feeds.push(port.integers(scalar, &[i64::from(before > 0)])?);
                }
                "num_logits_to_keep" => feeds.push(port.integers(scalar, &[whole(keep)])?),
                // The cache, which the caller adds.
                _ => {}
            }
        }
        Ok(feeds)
    }
}

impl Cached {
    fn new(graph: &Graph, port: &Port, shape: CacheShape) -> Result<Self, FolderError> {
        let output = port.name.replacen(PAST, "present.", 1);
        graph.one_output_of(&[&output])?;
        let wrong = |what: &str| {
            FolderError::not_understood(graph.file(), format!("its input `{}` {what}", port.name))
        };
        let [_, heads, _, width] = port.shape[..] else {
            return Err(wrong("has not the four axes [batch, heads, tokens, width]"));
        };
        let (Some(heads), Some(width)) = (heads.or(shape.heads), width.or(shape.width)) else {
            return Err(wrong(
                "has open axes, and `config.json` states no `num_key_value_heads` and `head_dim` in its `text_config`",
            ));
        };
        Ok(Cached {
            input: port.clone(),
            output,
            empty: [1, heads, 0, width],
        })
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).expect("no text has 2^63 tokens")
}
