//! A picture by its detections in JSON, and GenEval's summary of many as JSON and Markdown.

use serde::Serialize;

use super::evaluation::{EvaluateResult, Scored};
use crate::evaluation::{CheckedItems, GenEvalItem};
use crate::judging::detections::{DetectionSummary, ElementFound, Found, Requirement, Task};
use crate::stats::Estimate;

/// Name of the method.
const GENEVAL: &str = "geneval";

/// What was found of each element.
#[derive(Debug, Clone, Serialize)]
pub(super) struct DetectedJson {
    #[serde(flatten)]
    scored: Scored,
    task: &'static str,
    /// Ids of the elements that are not as asked, in their order.
    wrong: Vec<String>,
    elements: Vec<ElementJson>,
}

/// Something that must be there, or must not.
#[derive(Debug, Clone, Serialize)]
struct ElementJson {
    /// `include-0`, `exclude-0`: its place in the metadata.
    id: String,
    class: String,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<(&'static str, usize)>,
    correct: bool,
    /// Objects of the class that count.
    found: usize,
    /// Why it does not hold, in the benchmark's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl EvaluateResult {
    /// What became of a picture whose detections were given; it costs no question.
    fn of_detections(item: &GenEvalItem, found: &Found) -> Self {
        let scene = &item.scene;
        let named = |list: &'static str, all| {
            let all: &[Requirement] = all;
            let all = all.iter().enumerate();
            all.map(move |(at, wanted)| (format!("{list}-{at}"), wanted))
        };
        let wanted = named("include", scene.include()).chain(named("exclude", scene.exclude()));
        let elements: Vec<ElementJson> = wanted
            .zip(&found.elements)
            .map(|((id, wanted), found)| ElementJson::new(id, wanted, found))
            .collect();
        let wrong = elements.iter().filter(|element| !element.correct);
        let detected = DetectedJson {
            scored: Scored::new(item.id.clone(), &Ok(f64::from(found.is_correct()))),
            task: item.task.name(),
            wrong: wrong.map(|element| element.id.clone()).collect(),
            elements,
        };
        EvaluateResult::unasked(GENEVAL, detected)
    }
}

impl ElementJson {
    fn new(id: String, wanted: &Requirement, found: &ElementFound) -> Self {
        ElementJson {
            id,
            class: wanted.class.clone(),
            count: wanted.count,
            color: wanted.colour.clone(),
            position: wanted
                .position
                .map(|(relation, target)| (relation.name(), target)),
            correct: found.reason.is_none(),
            found: found.found,
            reason: found.reason.clone(),
        }
    }
}

/// Pictures that were checked, and the benchmark's figures over them.
#[derive(Debug, Clone, Serialize)]
pub struct GenEvalReply {
    /// One for each picture, in order.
    pub results: Vec<EvaluateResult>,
    /// All of them.
    pub summary: GenEvalSummaryJson,
}

impl GenEvalReply {
    /// What became of these items.
    pub fn new(items: &[GenEvalItem], checked: &CheckedItems) -> Self {
        let both = items.iter().zip(&checked.found);
        GenEvalReply {
            results: both
                .map(|(item, found)| EvaluateResult::of_detections(item, found))
                .collect(),
            summary: GenEvalSummaryJson::from(&checked.summary),
        }
    }
}

/// GenEval's figures over many pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GenEvalSummaryJson {
    method: &'static str,
    /// The mean of the shares of the tasks.
    score: f64,
    /// Where it lies; `null` where too few prompts say so.
    interval: Option<ShareIntervalJson>,
    images: usize,
    /// Pictures that are as asked.
    correct: usize,
    prompts: usize,
    /// Prompts of which at least one picture is as asked.
    prompts_met: usize,
    tasks: Vec<TaskJson>,
    /// Tasks of the benchmark without a picture, over which the mean does not go.
    absent: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TaskJson {
    task: &'static str,
    score: f64,
    interval: Option<ShareIntervalJson>,
    images: usize,
    correct: usize,
    prompts: usize,
}

/// An interval of a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ShareIntervalJson {
    low: f64,
    high: f64,
    level: f64,
    method: String,
}

impl ShareIntervalJson {
    fn of(estimate: &Estimate) -> Option<Self> {
        let interval = estimate.interval.as_ref()?;
        Some(ShareIntervalJson {
            low: interval.low,
            high: interval.high,
            level: interval.level,
            method: interval.method.to_string(),
        })
    }
}

impl From<&DetectionSummary> for GenEvalSummaryJson {
    fn from(summary: &DetectionSummary) -> Self {
        let tasks = summary.tasks.iter().map(|task| TaskJson {
            task: task.task.name(),
            score: task.share.value,
            interval: ShareIntervalJson::of(&task.share),
            images: task.images,
            correct: task.correct,
            prompts: task.prompts,
        });
        let tasks: Vec<TaskJson> = tasks.collect();
        let absent = Task::ALL.map(Task::name).into_iter();
        let absent = absent.filter(|name| tasks.iter().all(|task| task.task != *name));
        GenEvalSummaryJson {
            method: GENEVAL,
            score: summary.overall.value,
            interval: ShareIntervalJson::of(&summary.overall),
            images: summary.images(),
            correct: summary.correct(),
            prompts: summary.prompts(),
            prompts_met: summary.prompts_met,
            absent: absent.collect(),
            tasks,
        }
    }
}

impl GenEvalSummaryJson {
    /// The same as a table in Markdown.
    pub fn markdown(&self) -> String {
        let interval = |interval: &Option<ShareIntervalJson>| match interval {
            None => "-".to_owned(),
            Some(interval) => format!("{:.4} to {:.4}", interval.low, interval.high),
        };
        let mut text = String::from(
            "| task | score | 95 % | images | as asked | prompts |\n|---|---|---|---|---|---|\n",
        );
        for task in &self.tasks {
            let TaskJson {
                task: name,
                score,
                images,
                correct,
                prompts,
                ..
            } = task;
            let interval = interval(&task.interval);
            text += &format!(
                "| {name} | {score:.4} | {interval} | {images} | {correct} | {prompts} |\n"
            );
        }
        text += &format!(
            "| mean over tasks | {:.4} | {} | {} | {} | {} |\n",
            self.score,
            interval(&self.interval),
            self.images,
            self.correct,
            self.prompts
        );
        text += &format!(
            "\nAt least one picture as asked: {} of {} prompts. Intervals are Student's t over prompts.\n",
            self.prompts_met, self.prompts
        );
        if !self.absent.is_empty() {
            let absent = self.absent.join(", ");
            text += &format!(
                "No picture of: {absent}; the mean does not go over them, and is not GenEval's of all six.\n"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::judging::detections::CheckedPicture;

    #[test]
    fn a_summary_names_what_it_rests_on() {
        let picture = |task, prompt: &str, correct| CheckedPicture {
            task,
            prompt: prompt.to_owned(),
            correct,
        };
        let pictures = [
            picture(Task::Counting, "a", true),
            picture(Task::Counting, "b", false),
            picture(Task::Colours, "c", true),
        ];
        let summary = DetectionSummary::of(&pictures).unwrap();
        let summary = GenEvalSummaryJson::from(&summary);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(
            (&json["score"], &json["interval"]),
            (&json!(0.75), &json!(null))
        );
        assert_eq!(json["tasks"][0]["task"], "counting");
        assert_eq!(json["tasks"][0]["interval"]["low"], 0.0);
        assert_eq!(
            json["absent"],
            json!(["single_object", "two_object", "position", "color_attr"])
        );
        let text = summary.markdown();
        assert!(
            text.contains("| counting | 0.5000 | 0.0000 to 1.0000 | 2 | 1 | 2 |\n"),
            "{text}"
        );
        assert!(
            text.contains("| mean over tasks | 0.7500 | - | 3 | 2 | 3 |\n"),
            "{text}"
        );
        assert!(text.contains("2 of 3 prompts"), "{text}");
        assert!(text.contains("No picture of: single_object"), "{text}");
    }
}
