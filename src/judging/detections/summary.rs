//! The benchmark's figures over many pictures: shares by task, and their mean over tasks.

use std::collections::BTreeMap;

use super::Task;
use crate::stats::{self, Estimate, Interval};

/// One picture that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPicture {
    /// The task of its prompt.
    pub task: Task,
    /// What is the same for all pictures of one prompt, and for no other.
    pub prompt: String,
    /// Whether it is as asked.
    pub correct: bool,
}

/// The pictures of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskShare {
    /// The task.
    pub task: Task,
    /// Pictures.
    pub images: usize,
    /// Those that are as asked.
    pub correct: usize,
    /// Prompts.
    pub prompts: usize,
    /// Share of the pictures that are as asked.
    pub share: Estimate,
}

/// All pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionSummary {
    /// The tasks that have pictures, in the order of the benchmark.
    pub tasks: Vec<TaskShare>,
    /// Prompts of which at least one picture is as asked.
    pub prompts_met: usize,
    /// GenEval's score: the mean of the shares of the tasks that have pictures.
    pub overall: Estimate,
}

impl DetectionSummary {
    /// Sums up pictures; nothing where there are none.
    ///
    /// Pictures of one prompt are no independent draws, so that intervals count prompts: each prompt's part in the share of its task is
    /// one value of a mean (linearisation of a ratio; Cochran, Sampling Techniques, 1977, section 6.3). A task whose prompts all fare
    /// alike has no interval and adds nothing to that of the whole; one with a single prompt leaves the whole without an interval.
    pub fn of(pictures: &[CheckedPicture]) -> Option<Self> {
        let mut by_task: BTreeMap<Task, BTreeMap<&str, (usize, usize)>> = BTreeMap::new();
        for picture in pictures {
            let prompts = by_task.entry(picture.task).or_default();
            let (images, correct) = prompts.entry(&picture.prompt).or_default();
            *images += 1;
            *correct += usize::from(picture.correct);
        }
        let met = |prompts: &BTreeMap<&str, (usize, usize)>| {
            prompts.values().filter(|(_, correct)| *correct > 0).count()
        };
        let prompts_met = by_task.values().map(met).sum();
        let shares: Vec<(TaskShare, Option<f64>)> = by_task
            .into_iter()
            .map(|(task, prompts)| share(task, &prompts.into_values().collect::<Vec<_>>()))
            .collect();
        let overall = overall(&shares)?;
        Some(DetectionSummary {
            tasks: shares.into_iter().map(|(share, _)| share).collect(),
            prompts_met,
            overall,
        })
    }

    /// Pictures of all tasks.
    pub fn images(&self) -> usize {
        self.tasks.iter().map(|task| task.images).sum()
    }

    /// Those that are as asked.
    pub fn correct(&self) -> usize {
        self.tasks.iter().map(|task| task.correct).sum()
    }

    /// Prompts of all tasks.
    pub fn prompts(&self) -> usize {
        self.tasks.iter().map(|task| task.prompts).sum()
    }
}

/// The share of a task with its standard error, from pictures and right pictures of each prompt.
fn share(task: Task, prompts: &[(usize, usize)]) -> (TaskShare, Option<f64>) {
    let images: usize = prompts.iter().map(|(images, _)| images).sum();
    let correct: usize = prompts.iter().map(|(_, correct)| correct).sum();
    let share = correct as f64 / images as f64;
    let each = images as f64 / prompts.len() as f64;
    let parts: Vec<f64> = prompts
        .iter()
        .map(|(images, correct)| share + (*correct as f64 - share * *images as f64) / each)
        .collect();
    let mean = stats::mean(&parts).ok();
    let mut estimate = Estimate::new("share", share, images, "right pictures of all pictures");
    estimate.interval = mean.as_ref().and_then(|mean| {
        let interval = mean.estimate.interval.as_ref()?;
        Some(within(interval, "Student's t over prompts"))
    });
    let error = mean.map(|mean| mean.standard_error);
    let task = TaskShare {
        task,
        images,
        correct,
        prompts: prompts.len(),
        share: estimate,
    };
    (task, error)
}

fn overall(tasks: &[(TaskShare, Option<f64>)]) -> Option<Estimate> {
    let many = tasks.len();
    if many == 0 {
        return None;
    }
    let value = tasks.iter().map(|(task, _)| task.share.value).sum::<f64>() / many as f64;
    let images = tasks.iter().map(|(task, _)| task.images).sum();
    let prompts: usize = tasks.iter().map(|(task, _)| task.prompts).sum();
    let mut estimate = Estimate::new("geneval", value, images, "mean over tasks");
    let errors: Option<Vec<f64>> = tasks.iter().map(|(_, error)| *error).collect();
    let error = errors.map(|errors| {
        let squares: f64 = errors.iter().map(|error| error * error).sum();
        squares.sqrt() / many as f64
    });
    let reach = stats::student_reach(prompts.saturating_sub(many) + 1);
    if let (Some(error), Some(reach)) = (error.filter(|error| *error > 0.0), reach) {
        let interval = Interval {
            low: value - reach * error,
            high: value + reach * error,
            level: stats::DEFAULT_LEVEL,
            method: "".into(),
        };
        estimate.interval = Some(within(&interval, "Student's t over prompts, by task"));
    }
    Some(estimate)
}

/// A share lies within 0 to 1.
fn within(interval: &Interval, method: &'static str) -> Interval {
    Interval {
        low: interval.low.max(0.0),
        high: interval.high.min(1.0),
        level: interval.level,
        method: method.into(),
    }
}
