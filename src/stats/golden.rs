//! Golden tables: rows of inputs with the values that a named program gave for them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Alternative, Estimate, PairedSample};

/// One `[[case]]` of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case<Expected> {
    pub name: String,
    pub columns: Columns,
    pub expected: Expected,
}

/// The input of a case: typed in, or made by a formula where it would be long.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Columns {
    Typed {
        predicted: Vec<f64>,
        human: Vec<f64>,
    },
    Formula(Formula),
}

/// ```text
/// u(i) = (i * 7919) mod 100003,   v(i) = (i * i * 17 + i * 104729) mod 100019
/// predicted(i) = floor(u(i) * predicted_levels / 100003)
/// human(i) = floor((u(i) * weight + v(i)) * human_levels / (100003 * (weight + 1)))
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Formula {
    n: u64,
    predicted_levels: u64,
    human_levels: u64,
    weight: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table<Expected> {
    /// The program and version that computed the expected values.
    origin: String,
    /// Where the tolerance comes from.
    tolerance_reason: String,
    /// Allowed difference, relative to the expected value or to 1, whichever is larger.
    tolerance: f64,
    /// Allowed relative difference of p-values, small ones included.
    p_value_tolerance: f64,
    case: Vec<Case<Expected>>,
}

/// Allowed differences of one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub value: f64,
    pub p_value: f64,
}

/// The expected values that every coefficient with a Fisher-z interval has.
#[derive(Debug, Deserialize)]
pub(super) struct Tail {
    p_value: Option<f64>,
    less: Option<f64>,
    greater: Option<f64>,
    low: f64,
    high: f64,
}

/// The `[[case]]` rows of a table whose rows each say their own origin and tolerance.
pub(super) fn rows<Case: DeserializeOwned>(text: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Rows<Case> {
        case: Vec<Case>,
    }
    let rows: Rows<Case> = toml::from_str(text).unwrap();
    assert!(!rows.case.is_empty());
    rows.case
}

/// Compares every number with its expected one.
pub(super) fn all_near(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    compare(name, found, expected, |_| tolerance);
}

/// The same, relative to the expected number or to 1, whichever is larger.
pub(super) fn all_near_relative(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    compare(name, found, expected, |expected| {
        tolerance * expected.abs().max(1.0)
    });
}

fn compare(name: &str, found: &[f64], expected: &[f64], allowed: impl Fn(f64) -> f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= allowed(*expected),
            "{name}: {found} instead of {expected}"
        );
    }
}

/// Reads a table and hands every case to `check`.
pub(super) fn check_all<Expected: DeserializeOwned>(
    text: &str,
    check: impl Fn(&Case<Expected>, Tolerance),
) {
    let table: Table<Expected> = toml::from_str(text).unwrap();
    assert!(!table.origin.is_empty() && !table.tolerance_reason.is_empty());
    assert!(!table.case.is_empty());
    let tolerance = Tolerance {
        value: table.tolerance,
        p_value: table.p_value_tolerance,
    };
    for case in &table.case {
        check(case, tolerance);
    }
}

impl<Expected> Case<Expected> {
    pub(super) fn sample(&self) -> PairedSample {
        let (predicted, human) = match &self.columns {
            Columns::Typed { predicted, human } => (predicted.clone(), human.clone()),
            Columns::Formula(formula) => formula.columns(),
        };
        PairedSample::new(&predicted, &human).unwrap()
    }

    /// Compares with the expected number, relative to it or to 1, whichever is larger.
    pub(super) fn near(&self, what: &str, got: f64, expected: f64, tolerance: f64) {
        let allowed = tolerance * expected.abs().max(1.0);
        assert!(
            (got - expected).abs() <= allowed,
            "{}: {what} is {got:e}, expected {expected:e}",
            self.name
        );
    }

    /// Compares interval and the p-values of the three alternatives with what is expected.
    pub(super) fn check_tail(
        &self,
        expected: &Tail,
        tolerance: Tolerance,
        test: impl Fn(Alternative) -> Estimate,
    ) {
        let interval = test(Alternative::TwoSided).interval.unwrap();
        self.near("low", interval.low, expected.low, tolerance.value);
        self.near("high", interval.high, expected.high, tolerance.value);
        for (alternative, p_value) in [
            (Alternative::TwoSided, expected.p_value),
            (Alternative::Less, expected.less),
            (Alternative::Greater, expected.greater),
        ] {
            let got = test(alternative).p_value;
            self.near_p_value(got, p_value, tolerance.p_value);
        }
    }

    /// Compares with the expected p-value, relative to it down to where doubles lose their digits.
    pub(super) fn near_p_value(&self, got: Option<f64>, expected: Option<f64>, tolerance: f64) {
        match (got, expected) {
            (None, None) => {}
            (Some(got), Some(expected)) => assert!(
                (got - expected).abs() <= tolerance * expected.max(1e-300),
                "{}: p-value is {got:e}, expected {expected:e}",
                self.name
            ),
            (got, expected) => panic!("{}: p-value is {got:?}, expected {expected:?}", self.name),
        }
    }
}

impl Formula {
    fn columns(&self) -> (Vec<f64>, Vec<f64>) {
        (0..self.n)
            .map(|i| {
                let u = i * 7919 % 100_003;
                let v = (i * i * 17 + i * 104_729) % 100_019;
                let predicted = u * self.predicted_levels / 100_003;
                let mixed = (u * self.weight + v) * self.human_levels;
                (
                    predicted as f64,
                    (mixed / (100_003 * (self.weight + 1))) as f64,
                )
            })
            .unzip()
    }
}
