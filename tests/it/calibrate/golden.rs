//! Fits on all items against scikit-learn, scipy and statsmodels.

use opine::calibration::{Item, Items, MapKind, calibrate};
use opine::judging::{Better, Scale};
use serde::Deserialize;

use super::{levels, settings};

#[derive(Deserialize)]
struct Table {
    versions: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: String,
    origin: String,
    tolerance: f64,
    raw_scale: [f64; 2],
    raw_better: String,
    human_scale: [f64; 2],
    raw: Vec<f64>,
    human: Vec<f64>,
    asked: Vec<f64>,
    expected: Vec<f64>,
    shares: Option<Vec<Vec<f64>>>,
    asked_shares: Option<Vec<Vec<f64>>>,
}

impl Case {
    fn items(&self) -> Items {
        let better = match self.raw_better.as_str() {
            "lower" => Better::Lower,
            _ => Better::Higher,
        };
        let scale = |ends: [f64; 2], better| Scale::new(ends[0], ends[1], better).unwrap();
        let item = |at: usize| Item {
            id: format!("{at:04}"),
            raw: self.raw[at],
            shares: self.shares.as_ref().map(|shares| shares[at].clone()),
            human: self.human[at],
            group: None,
        };
        let human = scale(self.human_scale, Better::Higher);
        let items = (0..self.raw.len()).map(item).collect();
        Items::new(items, scale(self.raw_scale, better), human, None).unwrap()
    }
}

#[test]
fn maps_are_those_of_other_programs() {
    let table: Table = toml::from_str(include_str!("../../golden/calibrate.toml")).unwrap();
    assert!(table.versions.contains("scikit-learn"));
    let mut kinds = Vec::new();
    for case in &table.case {
        assert!(!case.origin.is_empty());
        let kind = MapKind::from_name(&case.kind).unwrap();
        kinds.push(kind);
        let judge = case.shares.as_ref().map(|shares| levels(shares[0].len()));
        let calibration = calibrate(&case.items(), judge.as_ref(), &settings(kind))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        for (at, (asked, expected)) in case.asked.iter().zip(&case.expected).enumerate() {
            let shares = case
                .asked_shares
                .as_ref()
                .map(|shares| shares[at].as_slice());
            let got = calibration
                .map
                .evaluate(*asked, shares)
                .unwrap()
                .score
                .value();
            assert!(
                (got - expected).abs() <= case.tolerance * expected.abs().max(1.0),
                "{}: {asked} becomes {got}, expected {expected}",
                case.name
            );
        }
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), MapKind::ALL.len(), "every kind has a case");
}
