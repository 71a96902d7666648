//! One ONNX file in a session, fed with what it declares.
//!
//! Exports of one model differ in element types and optional inputs; a graph knows its own.

use std::path::Path;

use half::f16;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, ValueType};

use super::OnnxRuntime;
use super::error::FolderError;
use crate::backend::BackendError;

/// An input by its name, and what is fed into it.
pub(super) type Feed<'v> = (String, SessionInputValue<'v>);

/// A session and its declared inputs and outputs.
#[derive(Debug)]
pub(super) struct Graph {
    session: Session,
    file: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// A declared input or output.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) name: String,
    /// Length of each axis, where it is fixed.
    pub(super) shape: Vec<Option<usize>>,
    element: Element,
}

/// Element types that are fed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Float,
    Half,
    Int64,
    Int32,
    Bool,
    Other,
}

impl Graph {
    /// Opens the file with this many threads inside the session.
    pub(super) fn open(
        runtime: &OnnxRuntime,
        path: &Path,
        threads: usize,
    ) -> Result<Self, FolderError> {
        let file = path.display().to_string();
        let session = session(runtime, path, threads).map_err(|error| FolderError::Malformed {
            file: file.clone(),
            expected: "a usable ONNX model",
            message: error.to_string(),
        })?;
        Ok(Graph {
            inputs: session.inputs().iter().map(Port::new).collect(),
            outputs: session.outputs().iter().map(Port::new).collect(),
            session,
            file,
        })
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    pub(super) fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    pub(super) fn input(&self, name: &str) -> Option<&Port> {
        self.inputs.iter().find(|port| port.name == name)
    }

    pub(super) fn output(&self, name: &str) -> Option<&Port> {
        self.outputs.iter().find(|port| port.name == name)
    }

    /// The first of these outputs that the graph has.
    pub(super) fn one_output_of(&self, names: &[&str]) -> Result<String, FolderError> {
        let found = names.iter().find(|name| self.output(name).is_some());
        found
            .map(|name| (*name).to_owned())
            .ok_or_else(|| self.lacks("output", names, &self.outputs))
    }

    /// An input that the graph must have.
    pub(super) fn needed_input(&self, name: &str) -> Result<&Port, FolderError> {
        self.input(name)
            .ok_or_else(|| self.lacks("input", &[name], &self.inputs))
    }

    /// Refuses a graph with an input that `known` does not accept: it would run on a guess.
    pub(super) fn refuse_other_inputs(
        &self,
        known: impl Fn(&str) -> bool,
    ) -> Result<(), FolderError> {
        match self.inputs.iter().find(|port| !known(&port.name)) {
            None => Ok(()),
            Some(port) => Err(FolderError::not_understood(
                &self.file,
                format!(
                    "it asks for the input `{}`, which is not fed here; export it without",
                    port.name
                ),
            )),
        }
    }

    fn lacks(&self, kind: &str, names: &[&str], found: &[Port]) -> FolderError {
        let found: Vec<&str> = found.iter().map(|port| port.name.as_str()).collect();
        FolderError::not_understood(
            &self.file,
            format!(
                "it has no {kind} `{}`; it has {}",
                names.join("` or `"),
                found.join(", ")
            ),
        )
    }

    pub(super) fn run<'s>(
        &'s mut self,
        feeds: Vec<Feed<'_>>,
    ) -> Result<SessionOutputs<'s>, BackendError> {
        Ok(self.session.run(feeds)?)
    }
}

fn session(runtime: &OnnxRuntime, path: &Path, threads: usize) -> ort::Result<Session> {
    // Spinning threads would take the cores of other sessions; shapes change with every prompt.
    // Opened from the file and not from bytes, so that weights beside the file are found.
    Session::builder(runtime.environment())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_memory_pattern(false)?
        .commit_from_file(path)
}

impl Port {
    fn new(outlet: &Outlet) -> Self {
        let (element, shape) = match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => (
                Element::new(*ty),
                shape
                    .iter()
                    .map(|side| usize::try_from(*side).ok())
                    .collect(),
            ),
            ValueType::Sequence(_) | ValueType::Map { .. } | ValueType::Optional(_) => {
                (Element::Other, Vec::new())
            }
        };
        Port {
            name: outlet.name().to_owned(),
            shape,
            element,
        }
    }

    /// A feed of floating-point numbers, in the precision that the port declares.
    pub(super) fn floats(
        &self,
        shape: &[usize],
        data: &[f32],
    ) -> Result<Feed<'static>, BackendError> {
        let value: DynValue = match self.element {
            Element::Float => Tensor::from_array((shape.to_vec(), data.to_vec()))?.into_dyn(),
            Element::Half => {
                let data: Vec<f16> = data.iter().map(|value| f16::from_f32(*value)).collect();
                Tensor::from_array((shape.to_vec(), data))?.into_dyn()
            }
            Element::Int64 | Element::Int32 | Element::Bool | Element::Other => {
                return Err(self.refused("floating-point numbers"));
            }
        };
        Ok((self.name.clone(), value.into()))
    }

    /// A feed of whole numbers, in the type that the port declares; for a Boolean, 0 is false.
    pub(super) fn integers(
        &self,
        shape: &[usize],
        data: &[i64],
    ) -> Result<Feed<'static>, BackendError> {
        let value: DynValue = match self.element {
            Element::Int64 => Tensor::from_array((shape.to_vec(), data.to_vec()))?.into_dyn(),
            Element::Int32 => {
                let narrow = |value: &i64| i32::try_from(*value);
                let data: Vec<i32> = data
                    .iter()
                    .map(narrow)
                    .collect::<Result<_, _>>()
                    .map_err(|_| self.refused("whole numbers beyond 32 bits"))?;
                Tensor::from_array((shape.to_vec(), data))?.into_dyn()
            }
            Element::Bool => {
                let data: Vec<bool> = data.iter().map(|value| *value != 0).collect();
                Tensor::from_array((shape.to_vec(), data))?.into_dyn()
            }
            Element::Float | Element::Half | Element::Other => {
                return Err(self.refused("whole numbers"));
            }
        };
        Ok((self.name.clone(), value.into()))
    }

    fn refused(&self, what: &str) -> BackendError {
        BackendError::Failed {
            message: format!("the model's input `{}` does not take {what}", self.name),
        }
    }
}

impl Element {
    fn new(element: TensorElementType) -> Self {
        // The list of the runtime is open; these are the types that exports use for what is fed here.
        let known = [
            (TensorElementType::Float32, Element::Float),
            (TensorElementType::Float16, Element::Half),
            (TensorElementType::Int64, Element::Int64),
            (TensorElementType::Int32, Element::Int32),
            (TensorElementType::Bool, Element::Bool),
        ];
        known
            .into_iter()
            .find(|(theirs, _)| *theirs == element)
            .map_or(Element::Other, |(_, ours)| ours)
    }
}

/// Shape and numbers of an output, whatever its precision.
pub(super) fn floats(
    outputs: &SessionOutputs<'_>,
    name: &str,
) -> Result<(Vec<usize>, Vec<f32>), BackendError> {
    rows_from(outputs, name, 0)
}

/// The last rows of an output `[1, rows, width]`: a long prompt's other logits are never copied.
pub(super) fn last_rows(
    outputs: &SessionOutputs<'_>,
    name: &str,
    count: usize,
) -> Result<Vec<Vec<f32>>, BackendError> {
    let (shape, rows) = rows_from(outputs, name, count)?;
    let width = shape.last().copied().unwrap_or(0);
    let batch: usize = shape.iter().rev().skip(2).product();
    if width == 0 || batch != 1 || rows.len() < count * width {
        return Err(BackendError::Failed {
            message: format!(
                "the model gave `{name}` of shape {shape:?} where {count} rows were wanted"
            ),
        });
    }
    Ok(rows.chunks(width).map(<[f32]>::to_vec).collect())
}

/// The last `count` rows, or all of them for 0.
fn rows_from(
    outputs: &SessionOutputs<'_>,
    name: &str,
    count: usize,
) -> Result<(Vec<usize>, Vec<f32>), BackendError> {
    let value = outputs.get(name).ok_or_else(|| BackendError::Failed {
        message: format!("the model gave no `{name}`"),
    })?;
    let start = |shape: &[usize], length: usize| match count {
        0 => 0,
        count => length.saturating_sub(count * shape.last().copied().unwrap_or(0)),
    };
    if let Ok((shape, data)) = value.try_extract_tensor::<f32>() {
        let shape = sides(shape);
        let data = data[start(&shape, data.len())..].to_vec();
        return Ok((shape, data));
    }
    let (shape, data) = value.try_extract_tensor::<f16>()?;
    let shape = sides(shape);
    let data = data[start(&shape, data.len())..]
        .iter()
        .map(|value| value.to_f32())
        .collect();
    Ok((shape, data))
}

fn sides(shape: &[i64]) -> Vec<usize> {
    shape
        .iter()
        .map(|side| usize::try_from(*side).expect("a made tensor has no negative side"))
        .collect()
}
