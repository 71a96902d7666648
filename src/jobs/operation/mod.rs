//! What is done with each item of a job. A new operation is one file, and one row of [`OPERATIONS`].

mod best_of;
mod choose;
mod compare;
mod evaluate;
mod gate;
mod panel;
mod rank;
mod score;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::{Moment, SettingFault};
use crate::calibration::Maps;
use crate::engine::{BindError, Engine, Judge, Judges, RunLimits};
use crate::gate::Policies;
use crate::judging::{Image, Reason, Unscored};
use crate::near::quoted;
use crate::store::FinishedKind;

/// Settings by name.
pub(super) type Options = BTreeMap<String, String>;

/// What is done with each item.
#[async_trait]
pub trait Operation: Send + Sync + Debug {
    /// How many images an item has.
    fn images(&self) -> RangeInclusive<usize>;

    /// Whether its settings say who judges, so that the job names no judge.
    fn names_judges(&self) -> bool {
        false
    }

    /// Whether all that its settings name is there, asked before anything is stored.
    ///
    /// # Errors
    /// The setting that names what is not there, or does not do this.
    fn check(&self, _: &Moment) -> Result<(), SettingFault> {
        Ok(())
    }

    /// The judge whose backend's places an item takes; `judge` is the one that the job names.
    ///
    /// # Errors
    /// A judge that is not known.
    fn leader(&self, moment: &Moment, judge: &str) -> Result<Judge, BindError> {
        moment.judges.find(judge)
    }

    /// Whether each item names the picture that its image was edited from, which this judge shows as well.
    fn shows_source(&self, _: &Judge) -> bool {
        false
    }

    /// Texts of the judge's question that it gives itself, so that items need not.
    fn texts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether the judge does this.
    ///
    /// # Errors
    /// What it does instead.
    fn fits(&self, judge: &Judge) -> Result<(), BindError>;

    /// Does it once.
    ///
    /// # Errors
    /// [`BindError`] when the judge cannot be asked at all, which pauses the job.
    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError>;
}

/// Who is asked, and with what.
#[derive(Debug)]
pub struct Place<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// All judges.
    pub judges: &'a Judges,
    /// The calibration maps.
    pub maps: &'a Maps,
    /// The gate policies.
    pub policies: &'a Policies,
    /// The judge.
    pub judge: &'a Judge,
    /// What one item may cost.
    pub limits: &'a RunLimits,
}

/// An item with its images.
#[derive(Debug)]
pub struct Pictured {
    /// Its images in order, by name, or why there are none.
    pub images: Vec<(String, Result<Image, Unscored>)>,
    /// The picture that its image was edited from, where the item names one, or why there is none.
    pub source: Option<Result<Image, Unscored>>,
    /// Its texts.
    pub texts: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whether there is a verdict.
    pub kind: FinishedKind,
    /// The result as JSON, as the operation's own route gives it.
    pub result: Option<String>,
    /// Why there is no verdict: a stable code, and words.
    pub reason: Option<(&'static str, String)>,
    /// Whether asking again may help.
    pub may_pass: bool,
}

impl Asked {
    /// A result that stands for itself, and why it has no verdict.
    fn of(result: &impl Serialize, unscored: Option<&Unscored>) -> Self {
        let result = serde_json::to_string(result).expect("results are always JSON");
        Asked {
            result: Some(result),
            ..match unscored {
                None => Asked {
                    kind: FinishedKind::Done,
                    result: None,
                    reason: None,
                    may_pass: false,
                },
                Some(unscored) => Asked::without(unscored),
            }
        }
    }

    /// No result at all.
    fn without(unscored: &Unscored) -> Self {
        let may_pass = may_pass(unscored.reason);
        Asked {
            kind: if may_pass {
                FinishedKind::Failed
            } else {
                FinishedKind::Unscored
            },
            result: None,
            reason: Some((unscored.reason.code(), unscored.detail.clone())),
            may_pass,
        }
    }

    /// The item itself cannot be asked, and never will.
    pub(super) fn failed(code: &'static str, detail: impl Into<String>) -> Self {
        Asked {
            kind: FinishedKind::Failed,
            result: None,
            reason: Some((code, detail.into())),
            may_pass: false,
        }
    }
}

/// Whether asking again may help.
fn may_pass(reason: Reason) -> bool {
    matches!(reason, Reason::Backend | Reason::Deadline)
}

/// The images with their names, all of them whole.
fn whole(
    given: Vec<(String, Result<Image, Unscored>)>,
) -> Result<(Vec<String>, Vec<Image>), Unscored> {
    let whole = given.into_iter().map(|(name, image)| Ok((name, image?)));
    whole
        .collect::<Result<Vec<_>, _>>()
        .map(|all| all.into_iter().unzip())
}

/// The first of these judges that can be asked now, or the first of them.
fn first_ready<'a>(
    moment: &Moment,
    names: impl Iterator<Item = &'a str>,
) -> Result<Judge, BindError> {
    let judges: Vec<Judge> = names
        .map(|name| moment.judges.find(name))
        .collect::<Result<_, _>>()?;
    let ready = judges.iter().find(|judge| judge.backend().is_ok());
    match ready.or(judges.first()) {
        Some(judge) => Ok(judge.clone()),
        None => moment.judges.find(""),
    }
}

/// One row of the table of operations.
#[derive(Debug, Clone, Copy)]
pub struct OperationRow {
    /// Its name.
    pub name: &'static str,
    /// Its settings, beside judge and texts.
    pub options: &'static [&'static str],
    make: fn(&Options) -> Result<Arc<dyn Operation>, SettingFault>,
}

/// Every operation that a job can do.
pub const OPERATIONS: [OperationRow; 7] = [
    OperationRow {
        name: "score",
        options: score::OPTIONS,
        make: score::make,
    },
    OperationRow {
        name: "compare",
        options: compare::OPTIONS,
        make: compare::make,
    },
    OperationRow {
        name: "rank",
        options: rank::OPTIONS,
        make: rank::make,
    },
    OperationRow {
        name: "choose",
        options: choose::OPTIONS,
        make: choose::make,
    },
    OperationRow {
        name: "evaluate",
        options: evaluate::OPTIONS,
        make: evaluate::make,
    },
    OperationRow {
        name: "gate",
        options: gate::OPTIONS,
        make: gate::make,
    },
    OperationRow {
        name: "best_of",
        options: best_of::OPTIONS,
        make: best_of::make,
    },
];

/// The operation of that name with these settings.
///
/// # Errors
/// A name, a setting or a value that is not known.
pub fn operation(name: &str, options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let row = OPERATIONS.iter().find(|row| row.name == name);
    let Some(row) = row else {
        let known = OPERATIONS.map(|row| row.name);
        let message = format!("is one of {}", quoted(&known));
        return Err(SettingFault::new("operation", message));
    };
    let foreign = options
        .keys()
        .find(|option| !row.options.contains(&option.as_str()));
    if let Some(option) = foreign {
        let message = format!(
            "is no setting of `{name}`, which has {}",
            quoted(row.options)
        );
        return Err(SettingFault::new(option, message));
    }
    (row.make)(options)
}

/// The value of a setting, read by `read`; `None` where it is not given.
fn option<T>(
    options: &Options,
    name: &str,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, SettingFault> {
    let given = options.get(name).map(|text| {
        read(text).ok_or_else(|| SettingFault::new(name, format!("must be {expected}")))
    });
    given.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::builtin_cards;
    use crate::engine::BackendState;

    /// Whether a built-in judge may do a job.
    fn fits(name: &str, options: &[(&str, &str)], judge: &str) -> Result<(), BindError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let operation = operation(name, &options.iter().map(owned).collect()).unwrap();
        let mut cards = builtin_cards().unwrap().into_iter();
        let card = cards.find(|card| card.id == judge).unwrap();
        operation.fits(&Judge {
            card: Arc::new(card),
            state: BackendState::Unbound,
        })
    }

    #[test]
    fn a_judge_that_does_something_else_is_refused_before_anything_is_stored() {
        for (name, judge) in [
            ("score", "q-bench"),
            ("compare", "q-bench"),
            ("rank", "q-bench"),
            ("rank", "best-to-worst"),
            ("best_of", "q-bench"),
        ] {
            assert_eq!(fits(name, &[], judge), Ok(()), "{name}");
        }
        assert_eq!(fits("choose", &[], "choose"), Ok(()));
        assert_eq!(fits("evaluate", &[], "choose"), Ok(()));
        assert_eq!(
            fits("evaluate", &[("method", "vqascore")], "vqascore"),
            Ok(())
        );
        assert!(fits("evaluate", &[], "vqascore").is_err());
        for (name, options, judge) in [
            ("choose", &[][..], "q-bench"),
            ("score", &[], "choose"),
            ("score", &[], "best-to-worst"),
            ("compare", &[], "choose"),
            ("compare", &[], "best-to-worst"),
            ("rank", &[], "choose"),
            ("rank", &[("method", "scores")], "best-to-worst"),
            ("rank", &[("method", "active")], "best-to-worst"),
            ("best_of", &[], "best-to-worst"),
        ] {
            let refused = fits(name, options, judge).unwrap_err();
            assert!(matches!(refused, BindError::WrongProtocol { .. }), "{name}");
        }
        for options in [[("budget", "0")], [("repeats", "3")]] {
            let refused = fits("rank", &options, "q-bench").unwrap_err();
            assert!(matches!(refused, BindError::Unfit { .. }));
        }
    }

    #[test]
    fn a_panel_or_policy_that_is_none_names_its_setting() {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        for (name, options, fault) in [
            ("score", &[("jury", "mean")][..], "judges"),
            ("score", &[("judges", "[]")], "judges"),
            ("score", &[("judges", "a")], "judges"),
            (
                "compare",
                &[("judges", r#"["a"]"#), ("quorum", "-1")],
                "quorum",
            ),
            (
                "compare",
                &[("judges", r#"["a"]"#), ("jury", "joint")],
                "jury",
            ),
            (
                "rank",
                &[("judges", r#"["a"]"#), ("weights", "[1]")],
                "weights",
            ),
            (
                "score",
                &[("judges", r#"["a"]"#), ("calibrated", "true")],
                "calibrated",
            ),
            ("gate", &[], "policy"),
            ("best_of", &[("judges", r#"["a"]"#)], "judges"),
        ] {
            let refused = operation(name, &options.iter().map(owned).collect()).unwrap_err();
            assert_eq!(refused.name, fault, "{name} {options:?}");
        }
    }
}
