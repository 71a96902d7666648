//! Whether the objects that a detector found are those that a prompt asked for: GenEval, from supplied detections.
//!
//! Ghosh, Hajishirzi, Schmidt 2023 (arXiv 2310.11513) and the authors' repository (djghosh13/geneval): a requirement
//! holds if the class is there often enough, in the right colour, in the right place. No model is needed here.

use super::WordError;

/// An object that a detector found.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Its class.
    pub class: String,
    /// Confidence, 0 to 1.
    pub confidence: f64,
    /// Left, top, right, bottom in pixels.
    pub corners: [f64; 4],
    /// Its colour, where somebody has said it.
    pub colour: Option<String>,
}

/// What a prompt asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The class.
    pub class: String,
    /// How many at least; for what must not be there, how many are too many.
    pub count: usize,
    /// The colour of as many.
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
    /// The rules for prompts about numbers.
    pub fn counting() -> Self {
        DetectionRules {
            confidence: 0.9,
            ..DetectionRules::default()
        }
    }
}

/// Whether a picture is as asked, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether all holds.
    pub correct: bool,
    /// What does not, in the benchmark's words: `expected cat>=2, found 1`.
    pub reasons: Vec<String>,
}

/// Checks detections against what must be there, in order, and what must not.
///
/// # Errors
/// A requirement that refers to itself or a later one, a count of 0 to include, a box or a confidence that is none, and
/// a colour that is asked for where the detections have none.
pub fn check_detections(
    detections: &[Detection],
    include: &[Requirement],
    exclude: &[Requirement],
    rules: &DetectionRules,
) -> Result<Found, WordError> {
    detections.iter().try_for_each(check)?;
    let mut reasons = Vec::new();
    let mut groups: Vec<Option<Vec<&Detection>>> = Vec::new();
    for wanted in include {
        let found = of_class(detections, &wanted.class, rules);
        let reason = missing(wanted, &found, &groups, rules)?;
        let holds = reason.is_none();
        reasons.extend(reason);
        let matched: Vec<&Detection> = found.into_iter().take(wanted.count).collect();
        groups.push(holds.then_some(matched));
    }
    for unwanted in exclude {
        let found = of_class(detections, &unwanted.class, rules).len();
        if found >= unwanted.count {
            let (class, count) = (&unwanted.class, unwanted.count);
            reasons.push(format!("expected {class}<{count}, found {found}"));
        }
    }
    Ok(Found {
        correct: reasons.is_empty(),
        reasons,
    })
}

fn check(detection: &Detection) -> Result<(), WordError> {
    let [left, top, right, bottom] = detection.corners;
    let is_box =
        detection.corners.iter().all(|edge| edge.is_finite()) && left <= right && top <= bottom;
    if !is_box {
        return Err(WordError::new(format!(
            "the box of a `{}` is {:?}; expected left, top, right, bottom with left <= right and top <= bottom",
            detection.class, detection.corners
        )));
    }
    if !(0.0..=1.0).contains(&detection.confidence) {
        return Err(WordError::new(format!(
            "the confidence of a `{}` is {}; it lies within 0 to 1",
            detection.class, detection.confidence
        )));
    }
    Ok(())
}

/// Objects of a class that count, the surest first.
fn of_class<'a>(
    detections: &'a [Detection],
    class: &str,
    rules: &DetectionRules,
) -> Vec<&'a Detection> {
    let mut found: Vec<&Detection> = detections
        .iter()
        .filter(|detection| detection.class == class && detection.confidence > rules.confidence)
        .collect();
    found.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
    found.truncate(rules.most);
    found
}

/// Why a requirement does not hold.
fn missing(
    wanted: &Requirement,
    found: &[&Detection],
    groups: &[Option<Vec<&Detection>>],
    rules: &DetectionRules,
) -> Result<Option<String>, WordError> {
    let Requirement {
        class,
        count,
        colour,
        position,
    } = wanted;
    if *count == 0 {
        let detail = format!("`{class}` is asked for 0 times; exclude it instead");
        return Err(WordError::new(detail));
    }
    if found.len() < *count {
        return Ok(Some(format!(
            "expected {class}>={count}, found {}",
            found.len()
        )));
    }
    let matched = &found[..*count];
    if let Some(colour) = colour {
        if matched.iter().any(|object| object.colour.is_none()) {
            let detail =
                format!("a {colour} `{class}` is asked for, and its detections have no colour");
            return Err(WordError::new(detail));
        }
        let right = matched
            .iter()
            .filter(|object| object.colour.as_ref() == Some(colour))
            .count();
        if right < *count {
            return Ok(Some(format!(
                "expected {colour} {class}>={count}, found {right} {colour}"
            )));
        }
    }
    let Some((relation, target)) = position else {
        return Ok(None);
    };
    let Some(target) = groups.get(*target) else {
        let detail = format!(
            "`{class}` is asked for {} requirement {target}, which does not stand before it",
            relation.name()
        );
        return Err(WordError::new(detail));
    };
    let Some(target) = target else {
        return Ok(Some(format!(
            "no target for {class} to be {}",
            relation.name()
        )));
    };
    for object in matched {
        for other in target {
            let relations = relations(object, other, rules);
            if !relations.contains(relation) {
                let names: Vec<&str> = relations.iter().map(|found| found.name()).collect();
                let found = if names.is_empty() {
                    "no relation to".to_owned()
                } else {
                    names.join(" and ")
                };
                return Ok(Some(format!(
                    "expected {class} {} target, found {found} target",
                    relation.name()
                )));
            }
        }
    }
    Ok(None)
}

/// How one object lies to another, by their centres; two at most.
fn relations(object: &Detection, other: &Detection, rules: &DetectionRules) -> Vec<Relation> {
    let centre = |[left, top, right, bottom]: [f64; 4]| {
        [f64::midpoint(left, right), f64::midpoint(top, bottom)]
    };
    let size = |[left, top, right, bottom]: [f64; 4]| [right - left, bottom - top];
    let (from, to) = (centre(other.corners), centre(object.corners));
    let (one, two) = (size(object.corners), size(other.corners));
    let offset = [to[0] - from[0], to[1] - from[1]];
    let shrunk = [0, 1].map(|axis| {
        let slack = rules.slack * (one[axis] + two[axis]);
        (offset[axis].abs() - slack).max(0.0).copysign(offset[axis])
    });
    if shrunk.iter().all(|part| part.abs() < 1e-3) {
        return Vec::new();
    }
    let length = offset[0].hypot(offset[1]);
    let [x, y] = shrunk.map(|part| part / length);
    [
        (x < -0.5, Relation::LeftOf),
        (x > 0.5, Relation::RightOf),
        (y < -0.5, Relation::Above),
        (y > 0.5, Relation::Below),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, relation)| relation)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(class: &str, confidence: f64, [x, y]: [f64; 2], colour: Option<&str>) -> Detection {
        Detection {
            class: class.to_owned(),
            confidence,
            corners: [x - 5.0, y - 5.0, x + 5.0, y + 5.0],
            colour: colour.map(str::to_owned),
        }
    }

    fn wanted(class: &str, count: usize) -> Requirement {
        Requirement {
            class: class.to_owned(),
            count,
            colour: None,
            position: None,
        }
    }

    fn reasons(
        detections: &[Detection],
        include: &[Requirement],
        exclude: &[Requirement],
    ) -> Vec<String> {
        let found = check_detections(detections, include, exclude, &DetectionRules::default());
        found.unwrap().reasons
    }

    #[test]
    fn numbers_are_counted_with_the_right_confidence() {
        let cats = [
            object("cat", 0.95, [0.0, 0.0], None),
            object("cat", 0.5, [50.0, 0.0], None),
        ];
        assert!(reasons(&cats, &[wanted("cat", 2)], &[]).is_empty());
        assert_eq!(
            reasons(&cats, &[wanted("cat", 3)], &[]),
            ["expected cat>=3, found 2"]
        );
        assert_eq!(
            reasons(&cats, &[wanted("cat", 2)], &[wanted("cat", 2)]),
            ["expected cat<2, found 2"]
        );
        let counting =
            check_detections(&cats, &[wanted("cat", 2)], &[], &DetectionRules::counting());
        assert_eq!(counting.unwrap().reasons, ["expected cat>=2, found 1"]);
    }

    #[test]
    fn colours_are_those_of_the_surest_objects() {
        let cars = [
            object("car", 0.9, [0.0, 0.0], Some("red")),
            object("car", 0.8, [50.0, 0.0], Some("blue")),
        ];
        let blue = Requirement {
            colour: Some("blue".to_owned()),
            ..wanted("car", 1)
        };
        // The benchmark looks at as many as were asked for, the surest first.
        assert_eq!(
            reasons(&cars, std::slice::from_ref(&blue), &[]),
            ["expected blue car>=1, found 0 blue"]
        );
        let unsaid = [object("car", 0.9, [0.0, 0.0], None)];
        assert!(check_detections(&unsaid, &[blue], &[], &DetectionRules::default()).is_err());
    }

    #[test]
    fn places_are_told_by_centres() {
        let right_of = |place| {
            let objects = [
                object("dog", 0.9, [50.0, 50.0], None),
                object("bench", 0.9, place, None),
            ];
            let bench = Requirement {
                position: Some((Relation::RightOf, 0)),
                ..wanted("bench", 1)
            };
            reasons(&objects, &[wanted("dog", 1), bench], &[])
        };
        assert!(right_of([90.0, 52.0]).is_empty());
        assert_eq!(
            right_of([10.0, 50.0]),
            ["expected bench right of target, found left of target"]
        );
        // Too near: an offset within a tenth of both sizes is no relation at all.
        assert_eq!(
            right_of([51.5, 50.0]),
            ["expected bench right of target, found no relation to target"]
        );
        let none = Requirement {
            position: Some((Relation::Above, 0)),
            ..wanted("bench", 1)
        };
        let alone = [object("bench", 0.9, [0.0, 0.0], None)];
        assert_eq!(
            reasons(&alone, &[wanted("dog", 1), none], &[]),
            [
                "expected dog>=1, found 0",
                "no target for bench to be above"
            ]
        );
    }

    #[test]
    fn what_is_no_detection_or_requirement_is_refused() {
        let refused = |detection: &Detection, requirement: Requirement| {
            check_detections(
                std::slice::from_ref(detection),
                &[requirement],
                &[],
                &DetectionRules::default(),
            )
            .is_err()
        };
        let cat = object("cat", 0.9, [0.0, 0.0], None);
        assert!(refused(&cat, wanted("cat", 0)));
        let ahead = Requirement {
            position: Some((Relation::Above, 3)),
            ..wanted("cat", 1)
        };
        assert!(refused(&cat, ahead));
        let mut strange = cat.clone();
        strange.confidence = 1.5;
        assert!(refused(&strange, wanted("cat", 1)));
        strange = cat;
        strange.corners = [5.0, 0.0, -5.0, 1.0];
        assert!(refused(&strange, wanted("cat", 1)));
    }
}
