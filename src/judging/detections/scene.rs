//! What a prompt asks for, and what a detector found in a picture that was made from it.

use super::COLOURS;

/// By how much of a pixel a box may leave its picture: detectors round.
const ROUNDING: f64 = 0.5;

/// How much of a wrong value is said again.
const MOST_SAID: usize = 40;

/// An object that a detector found.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Its class.
    pub class: String,
    /// Confidence, 0 to 1.
    pub confidence: f64,
    /// Left, top, right, bottom in pixels.
    pub corners: [f64; 4],
    /// Its colour, one of [`COLOURS`], where somebody has said it.
    pub colour: Option<String>,
}

/// What a prompt asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The class.
    pub class: String,
    /// How many at least; for what must not be there, how many are too many.
    pub count: usize,
    /// The colour of as many, one of [`COLOURS`].
    pub colour: Option<String>,
    /// How they lie to the objects of an earlier requirement, by its position.
    pub position: Option<(Relation, usize)>,
}

/// How one object lies to another; up is towards smaller rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Further left.
    LeftOf,
    /// Further right.
    RightOf,
    /// Further up.
    Above,
    /// Further down.
    Below,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Relation; 4] = [
        Relation::LeftOf,
        Relation::RightOf,
        Relation::Above,
        Relation::Below,
    ];

    /// In the words of the benchmark.
    pub fn name(self) -> &'static str {
        match self {
            Relation::LeftOf => "left of",
            Relation::RightOf => "right of",
            Relation::Above => "above",
            Relation::Below => "below",
        }
    }

    /// The relation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|relation| relation.name() == name)
    }
}

/// What is wrong with a requirement or a detection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` of {list} {at}: {detail}")]
pub struct SceneFault {
    /// `include`, `exclude` or `detections`.
    pub list: &'static str,
    /// Its place there from 0.
    pub at: usize,
    /// `class`, `count`, `color`, `position`, `score` or `box`, as files have it.
    pub field: &'static str,
    /// What is wrong.
    pub detail: String,
}

/// What a prompt asks for, in order, and what was found; no detection at all is a picture that shows nothing of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectedScene {
    include: Vec<Requirement>,
    exclude: Vec<Requirement>,
    detections: Vec<Detection>,
}

impl DetectedScene {
    /// A scene; `size` is width and height of the picture, where they are known.
    ///
    /// # Errors
    /// Nothing that is asked for; a class without a name; a count of 0; a colour that the benchmark has not; a position by a requirement that does
    /// not stand before it, and colour or position of what must not be there; a box that is none or leaves the picture; a confidence outside 0 to 1.
    pub fn new(
        include: Vec<Requirement>,
        exclude: Vec<Requirement>,
        detections: Vec<Detection>,
        size: Option<[f64; 2]>,
    ) -> Result<Self, SceneFault> {
        if include.is_empty() && exclude.is_empty() {
            return Err(SceneFault {
                list: "include",
                at: 0,
                field: "class",
                detail: "nothing is asked for".to_owned(),
            });
        }
        check_each("include", &include, |at, wanted| wanted.fault(at))?;
        check_each("exclude", &exclude, |_, unwanted| {
            unwanted.fault_of_excluded()
        })?;
        check_each("detections", &detections, |_, found| found.fault(size))?;
        Ok(DetectedScene {
            include,
            exclude,
            detections,
        })
    }

    /// What must be there, in order.
    pub fn include(&self) -> &[Requirement] {
        &self.include
    }

    /// What must not be there.
    pub fn exclude(&self) -> &[Requirement] {
        &self.exclude
    }

    /// What was found.
    pub fn detections(&self) -> &[Detection] {
        &self.detections
    }
}

/// A field, and what is wrong with it.
type Fault = (&'static str, String);

fn check_each<T>(
    list: &'static str,
    all: &[T],
    fault: impl Fn(usize, &T) -> Option<Fault>,
) -> Result<(), SceneFault> {
    let faulty = all
        .iter()
        .enumerate()
        .find_map(|(at, one)| Some((at, fault(at, one)?)));
    match faulty {
        None => Ok(()),
        Some((at, (field, detail))) => Err(SceneFault {
            list,
            at,
            field,
            detail,
        }),
    }
}

impl Requirement {
    fn fault(&self, at: usize) -> Option<Fault> {
        let position = self.position.filter(|(_, target)| *target >= at);
        class_fault(&self.class)
            .or_else(|| {
                let detail = "is 0; what must not be there stands in `exclude`";
                (self.count == 0).then(|| ("count", detail.to_owned()))
            })
            .or_else(|| self.colour.as_deref().and_then(colour_fault))
            .or_else(|| {
                let (_, target) = position?;
                let detail = format!("names requirement {target}, which does not stand before it");
                Some(("position", detail))
            })
    }

    fn fault_of_excluded(&self) -> Option<Fault> {
        let only = |field| (field, "is not read of what must not be there".to_owned());
        class_fault(&self.class)
            .or_else(|| {
                let detail = "is 0, and no picture has fewer than none";
                (self.count == 0).then(|| ("count", detail.to_owned()))
            })
            .or_else(|| self.colour.is_some().then(|| only("color")))
            .or_else(|| self.position.is_some().then(|| only("position")))
    }
}

impl Detection {
    fn fault(&self, size: Option<[f64; 2]>) -> Option<Fault> {
        let [left, top, right, bottom] = self.corners;
        class_fault(&self.class)
            .or_else(|| {
                let is_one = (0.0..=1.0).contains(&self.confidence);
                let detail = format!("is {}; a confidence lies within 0 to 1", self.confidence);
                (!is_one).then_some(("score", detail))
            })
            .or_else(|| {
                let finite = self.corners.iter().all(|edge| edge.is_finite());
                let is_box = finite && left <= right && top <= bottom;
                let detail = format!(
                    "is {:?}; expected left, top, right, bottom with left <= right and top <= bottom",
                    self.corners
                );
                (!is_box).then_some(("box", detail))
            })
            .or_else(|| {
                let [width, height] = size.unwrap_or([f64::INFINITY; 2]);
                let inside = left >= -ROUNDING
                    && top >= -ROUNDING
                    && right <= width + ROUNDING
                    && bottom <= height + ROUNDING;
                let detail = format!("is {:?}, which leaves the picture", self.corners);
                (!inside).then_some(("box", detail))
            })
            .or_else(|| self.colour.as_deref().and_then(colour_fault))
    }
}

fn class_fault(class: &str) -> Option<Fault> {
    let detail = "is empty";
    class
        .trim()
        .is_empty()
        .then(|| ("class", detail.to_owned()))
}

fn colour_fault(colour: &str) -> Option<Fault> {
    let known = COLOURS.join("`, `");
    let said: String = colour.chars().take(MOST_SAID).collect();
    (!COLOURS.contains(&colour)).then(|| ("color", format!("is `{said}`, none of `{known}`")))
}
