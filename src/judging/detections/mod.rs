//! Whether the objects that a detector found are those that a prompt asked for: GenEval, from supplied detections.
//!
//! Ghosh, Hajishirzi, Schmidt 2023 (arXiv 2310.11513) and the authors' repository (djghosh13/geneval): a requirement
//! holds if the class is there often enough, in the right colour, in the right place. No model is needed here.

mod check;
mod scene;
mod summary;

#[cfg(test)]
mod tests;

pub use check::{ElementFound, Found};
pub use scene::{DetectedScene, Detection, Relation, Requirement, SceneFault};
pub use summary::{CheckedPicture, DetectionSummary, TaskShare};

/// The colours of the benchmark, in its order: the first of equally probable ones counts.
pub const COLOURS: [&str; 10] = [
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white",
];

/// What a prompt of the benchmark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// One object.
    SingleObject,
    /// Two objects.
    TwoObjects,
    /// A number of objects, and not more.
    Counting,
    /// One object of a colour.
    Colours,
    /// Two objects, and how they lie to each other.
    Position,
    /// Two objects, each of a colour.
    ColourAttribution,
}

impl Task {
    /// Every task, in the order of the benchmark.
    pub const ALL: [Task; 6] = [
        Task::SingleObject,
        Task::TwoObjects,
        Task::Counting,
        Task::Colours,
        Task::Position,
        Task::ColourAttribution,
    ];

    /// In the words of the benchmark: its `tag`.
    pub fn name(self) -> &'static str {
        match self {
            Task::SingleObject => "single_object",
            Task::TwoObjects => "two_object",
            Task::Counting => "counting",
            Task::Colours => "colors",
            Task::Position => "position",
            Task::ColourAttribution => "color_attr",
        }
    }

    /// The task of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// The conventions of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectionRules {
    /// Confidence above which an object counts: .3, and .9 for prompts about numbers.
    pub confidence: f64,
    /// Most objects of one class, the surest: 16.
    pub most: usize,
    /// By how much of both sizes an offset is shrunk before it counts: .1.
    pub slack: f64,
}

impl Default for DetectionRules {
    fn default() -> Self {
        DetectionRules {
            confidence: 0.3,
            most: 16,
            slack: 0.1,
        }
    }
}

impl DetectionRules {
    /// The rules for prompts of this task.
    pub fn of(task: Task) -> Self {
        match task {
            Task::Counting => DetectionRules {
                confidence: 0.9,
                ..DetectionRules::default()
            },
            Task::SingleObject
            | Task::TwoObjects
            | Task::Colours
            | Task::Position
            | Task::ColourAttribution => DetectionRules::default(),
        }
    }
}
