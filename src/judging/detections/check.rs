//! Each requirement held against what was found.

use super::scene::{DetectedScene, Detection, Relation, Requirement, SceneFault};
use super::{COLOURS, DetectionRules};

/// Whether a picture is as asked: what must be there, in order, and then what must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// One for each requirement.
    pub elements: Vec<ElementFound>,
}

/// What was found of one requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementFound {
    /// Objects of its class that count.
    pub found: usize,
    /// Why it does not hold, in the benchmark's words: `expected cat>=2, found 1`.
    pub reason: Option<String>,
}

impl Found {
    /// Whether all holds.
    pub fn is_correct(&self) -> bool {
        self.elements.iter().all(|element| element.reason.is_none())
    }

    /// What does not hold.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.elements
            .iter()
            .filter_map(|element| element.reason.as_deref())
    }
}

impl DetectedScene {
    /// Checks the detections against what must be there, and what must not.
    ///
    /// Of equally sure objects the first counts first. The benchmark sees the colour of as many objects as were asked for, the surest first, and
    /// holds each of them against each object of the requirement that a position names.
    ///
    /// # Errors
    /// An object whose colour matters and was not said.
    pub fn check(&self, rules: &DetectionRules) -> Result<Found, SceneFault> {
        let mut elements = Vec::new();
        let mut groups: Vec<Option<Vec<usize>>> = Vec::new();
        for wanted in self.include() {
            let mut objects = self.of_class(&wanted.class, rules);
            let found = objects.len();
            objects.truncate(wanted.count);
            let reason = self.missing(wanted, &objects, &groups, rules)?;
            groups.push(reason.is_none().then_some(objects));
            elements.push(ElementFound { found, reason });
        }
        for Requirement { class, count, .. } in self.exclude() {
            let found = self.of_class(class, rules).len();
            let is_too_many = found >= *count;
            let reason = is_too_many.then(|| format!("expected {class}<{count}, found {found}"));
            elements.push(ElementFound { found, reason });
        }
        Ok(Found { elements })
    }

    /// Places of the objects of a class that count, the surest first.
    fn of_class(&self, class: &str, rules: &DetectionRules) -> Vec<usize> {
        let all = self.detections();
        let mut found: Vec<usize> = (0..all.len())
            .filter(|at| all[*at].class == class && all[*at].confidence > rules.confidence)
            .collect();
        found.sort_by(|one, other| all[*other].confidence.total_cmp(&all[*one].confidence));
        found.truncate(rules.most);
        found
    }

    /// Why a requirement does not hold of the surest objects of its class, as many as it asks for.
    fn missing(
        &self,
        wanted: &Requirement,
        objects: &[usize],
        groups: &[Option<Vec<usize>>],
        rules: &DetectionRules,
    ) -> Result<Option<String>, SceneFault> {
        let (class, count, found) = (&wanted.class, wanted.count, objects.len());
        if found < count {
            return Ok(Some(format!("expected {class}>={count}, found {found}")));
        }
        if let Some(colour) = &wanted.colour {
            let colours = self.colours(objects, wanted)?;
            let many = |one: &str| colours.iter().filter(|found| **found == one).count();
            let right = many(colour);
            if right < count {
                let seen = COLOURS.into_iter().filter(|one| many(one) > 0);
                let seen: Vec<String> = seen.map(|one| format!("{} {one}", many(one))).collect();
                return Ok(Some(format!(
                    "expected {colour} {class}>={count}, found {right} {colour}; and {}",
                    seen.join(", ")
                )));
            }
        }
        let Some((relation, target)) = wanted.position else {
            return Ok(None);
        };
        let Some(Some(target)) = groups.get(target) else {
            return Ok(Some(format!(
                "no target for {class} to be {}",
                relation.name()
            )));
        };
        let all = self.detections();
        let pairs = objects
            .iter()
            .flat_map(|object| target.iter().map(move |other| (*object, *other)));
        let mut apart = pairs.map(|(object, other)| relations(&all[object], &all[other], rules));
        let wrong = apart.find(|relations| !relations.contains(&relation));
        Ok(wrong.map(|relations| {
            let names: Vec<&str> = relations.iter().map(|found| found.name()).collect();
            let found = match names.is_empty() {
                true => "no relation to".to_owned(),
                false => names.join(" and "),
            };
            let relation = relation.name();
            format!("expected {class} {relation} target, found {found} target")
        }))
    }

    fn colours(&self, objects: &[usize], wanted: &Requirement) -> Result<Vec<&str>, SceneFault> {
        let colour = |at: &usize| {
            let said = self.detections()[*at].colour.as_deref();
            said.ok_or_else(|| SceneFault {
                list: "detections",
                at: *at,
                field: "color",
                detail: format!(
                    "is not given, and a {} `{}` is asked for",
                    wanted.colour.as_deref().unwrap_or_default(),
                    wanted.class
                ),
            })
        };
        objects.iter().map(colour).collect()
    }
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
