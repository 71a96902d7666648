//! The image tower and the text tower, in one file or in two.

use std::path::{Path, PathBuf};

use super::worker::Recipe;
use crate::backend::BackendError;
use crate::backend::onnx::captions::Captions;
use crate::backend::onnx::error::FolderError;
use crate::backend::onnx::folder::Folder;
use crate::backend::onnx::graph::{Feed, Graph, floats};
use crate::backend::onnx::{ModelError, OnnxRuntime};

const TEXT_INPUTS: [&str; 2] = ["input_ids", "attention_mask"];
const IMAGE_OUTPUTS: [&str; 2] = ["image_embeds", "pooler_output"];
const TEXT_OUTPUTS: [&str; 2] = ["text_embeds", "pooler_output"];
const LOGITS: &str = "logits_per_image";
/// Texts by which a file's own scale is measured; two of them must differ.
const PROBES: [&str; 4] = ["good", "bad", "a photo of a cat", "0"];
/// Two cosines that are nearer than this measure nothing.
const APART: f64 = 1e-3;

/// Where the towers are.
#[derive(Debug)]
pub(super) enum Files {
    /// One graph from picture and text to both directions.
    Joint(PathBuf),
    /// A graph for each.
    Apart { vision: PathBuf, text: PathBuf },
}

impl Files {
    pub(super) fn find(folder: &Folder) -> Result<Self, FolderError> {
        if let (Some(vision), Some(text)) =
            (folder.graph("vision_model"), folder.graph("text_model"))
        {
            return Ok(Files::Apart { vision, text });
        }
        if let Some(joint) = folder.graph("model") {
            return Ok(Files::Joint(joint));
        }
        Err(folder.missing(vec![
            "onnx/vision_model.onnx with onnx/text_model.onnx, or onnx/model.onnx".to_owned(),
        ]))
    }

    pub(super) fn paths(&self) -> Vec<&Path> {
        match self {
            Files::Joint(path) => vec![path],
            Files::Apart { vision, text } => vec![vision, text],
        }
    }
}

/// What a cosine becomes before a softmax or sigmoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LogitScale {
    pub(super) scale: f64,
    pub(super) bias: f64,
}

/// Pixels of one picture, `[1, 3, height, width]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixels<'a> {
    pub(super) shape: [usize; 4],
    pub(super) data: &'a [f32],
}

/// The sessions.
#[derive(Debug)]
pub(super) enum Towers {
    Joint(Graph),
    Apart {
        vision: Graph,
        image_output: String,
        text: Graph,
        text_output: String,
    },
}

impl Towers {
    pub(super) fn open(
        runtime: &OnnxRuntime,
        files: &Files,
        threads: usize,
    ) -> Result<Self, FolderError> {
        match files {
            Files::Joint(path) => {
                let graph = Graph::open(runtime, path, threads)?;
                graph.needed_input("pixel_values")?;
                graph.needed_input("input_ids")?;
                graph.refuse_other_inputs(|name| {
                    name == "pixel_values" || TEXT_INPUTS.contains(&name)
                })?;
                graph.one_output_of(&["image_embeds"])?;
                graph.one_output_of(&["text_embeds"])?;
                Ok(Towers::Joint(graph))
            }
            Files::Apart { vision, text } => {
                let vision = Graph::open(runtime, vision, threads)?;
                vision.needed_input("pixel_values")?;
                vision.refuse_other_inputs(|name| name == "pixel_values")?;
                let text = Graph::open(runtime, text, threads)?;
                text.needed_input("input_ids")?;
                text.refuse_other_inputs(|name| TEXT_INPUTS.contains(&name))?;
                let image_output = vision.one_output_of(&IMAGE_OUTPUTS)?;
                let text_output = text.one_output_of(&TEXT_OUTPUTS)?;
                one_space(&vision, &image_output, &text, &text_output)?;
                Ok(Towers::Apart {
                    image_output,
                    text_output,
                    vision,
                    text,
                })
            }
        }
    }

    /// The direction of a picture. A joint graph reads a text as well, whichever.
    pub(super) fn image(
        &mut self,
        pixels: Pixels<'_>,
        captions: &Captions,
        any_text: &[u32],
    ) -> Result<Vec<f64>, BackendError> {
        match self {
            Towers::Joint(graph) => {
                let feeds = joint_feeds(graph, pixels, captions, any_text)?;
                direction(graph, feeds, "image_embeds")
            }
            Towers::Apart {
                vision,
                image_output,
                ..
            } => {
                let feed = pixel_feed(vision, pixels)?;
                direction(vision, vec![feed], image_output)
            }
        }
    }

    /// The direction of a text. A joint graph looks at a picture as well, whichever.
    pub(super) fn text(
        &mut self,
        tokens: &[u32],
        captions: &Captions,
        any_pixels: Pixels<'_>,
    ) -> Result<Vec<f64>, BackendError> {
        match self {
            Towers::Joint(graph) => {
                let feeds = joint_feeds(graph, any_pixels, captions, tokens)?;
                direction(graph, feeds, "text_embeds")
            }
            Towers::Apart {
                text, text_output, ..
            } => {
                let feeds = captions.feeds(text, tokens)?;
                direction(text, feeds, text_output)
            }
        }
    }

    /// Scale and bias of a joint graph, from its own logits on a white picture and two texts:
    /// `logit = scale * cosine + bias`.
    pub(super) fn measured_scale(&mut self, recipe: &Recipe) -> Result<LogitScale, ModelError> {
        let unknown = |why: &str| {
            ModelError::new(format!(
                "{why}; set `logit_scale` in the configuration of the backend (100 for OpenAI's CLIP models)"
            ))
        };
        let Towers::Joint(graph) = self else {
            return Err(unknown(
                "`vision_model.onnx` and `text_model.onnx` do not hold the scale of the similarities",
            ));
        };
        if graph.output(LOGITS).is_none() {
            return Err(unknown(&format!(
                "`{}` has no output `{LOGITS}` to measure the scale of the similarities by",
                graph.file()
            )));
        }
        let Some((width, height)) = recipe.processor.size() else {
            return Err(unknown(
                "pictures may have any size, so the scale of the similarities cannot be measured",
            ));
        };
        let white = vec![1.0; 3 * width as usize * height as usize];
        let pixels = Pixels {
            shape: [1, 3, height as usize, width as usize],
            data: &white,
        };
        let mut measured = Vec::new();
        let file = graph.file().to_owned();
        let failed = |error: BackendError| ModelError::new(format!("`{file}`: {error}"));
        for probe in PROBES {
            let tokens = recipe.captions.tokens(probe);
            let tokens = tokens.map_err(|refusal| failed(refusal.of(&recipe.backend)))?;
            measured.push(pair(graph, pixels, &recipe.captions, &tokens).map_err(failed)?);
        }
        measured.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ((low, low_logit), (high, high_logit)) = (measured[0], measured[measured.len() - 1]);
        if high - low < APART {
            return Err(unknown(
                "all texts look alike to the model, so the scale of the similarities cannot be measured",
            ));
        }
        let scale = (high_logit - low_logit) / (high - low);
        Ok(LogitScale {
            scale,
            bias: high_logit - scale * high,
        })
    }
}

/// Cosine and logit of a picture and a text.
fn pair(
    graph: &mut Graph,
    pixels: Pixels<'_>,
    captions: &Captions,
    tokens: &[u32],
) -> Result<(f64, f64), BackendError> {
    let feeds = joint_feeds(graph, pixels, captions, tokens)?;
    let outputs = graph.run(feeds)?;
    let (_, image) = floats(&outputs, "image_embeds")?;
    let (_, text) = floats(&outputs, "text_embeds")?;
    let (_, logits) = floats(&outputs, LOGITS)?;
    let logit = logits.first().copied().unwrap_or(f32::NAN);
    Ok((cosine(&unit(&image)?, &unit(&text)?)?, f64::from(logit)))
}

fn joint_feeds(
    graph: &Graph,
    pixels: Pixels<'_>,
    captions: &Captions,
    tokens: &[u32],
) -> Result<Vec<Feed<'static>>, BackendError> {
    let mut feeds = captions.feeds(graph, tokens)?;
    feeds.push(pixel_feed(graph, pixels)?);
    Ok(feeds)
}

fn pixel_feed(graph: &Graph, pixels: Pixels<'_>) -> Result<Feed<'static>, BackendError> {
    let port = graph.input("pixel_values").expect("opened with this input");
    port.floats(&pixels.shape, pixels.data)
}

fn direction(
    graph: &mut Graph,
    feeds: Vec<Feed<'_>>,
    output: &str,
) -> Result<Vec<f64>, BackendError> {
    let outputs = graph.run(feeds)?;
    let (_, embedding) = floats(&outputs, output)?;
    unit(&embedding)
}

/// The embedding at length 1.
fn unit(embedding: &[f32]) -> Result<Vec<f64>, BackendError> {
    let wide: Vec<f64> = embedding.iter().map(|value| f64::from(*value)).collect();
    let length = wide.iter().map(|value| value * value).sum::<f64>().sqrt();
    if !length.is_normal() {
        return Err(BackendError::NotFinite {
            label: "the embedding's length".into(),
            value: length.to_string(),
        });
    }
    Ok(wide.into_iter().map(|value| value / length).collect())
}

/// Cosine of two directions of one space.
pub(super) fn cosine(image: &[f64], text: &[f64]) -> Result<f64, BackendError> {
    if image.len() != text.len() {
        return Err(BackendError::Failed {
            message: format!(
                "the picture's embedding has {} numbers and the text's {}; export the towers with their projections",
                image.len(),
                text.len()
            ),
        });
    }
    Ok(image.iter().zip(text).map(|(a, b)| a * b).sum())
}

/// Refuses towers whose declared widths differ.
fn one_space(vision: &Graph, image: &str, text: &Graph, words: &str) -> Result<(), FolderError> {
    let width = |graph: &Graph, name: &str| graph.output(name)?.shape.last().copied()?;
    match (width(vision, image), width(text, words)) {
        (Some(ours), Some(theirs)) if ours != theirs => Err(FolderError::not_understood(
            vision.file(),
            format!(
                "`{image}` has {ours} numbers and `{words}` of `{}` has {theirs}; export both with their projections",
                text.file()
            ),
        )),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
