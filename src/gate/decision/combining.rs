//! From what each dimension says to one verdict: combination, what is missing, vetoes.

use super::{Decided, DimensionDecision, Said};
use crate::gate::policy::{Bounds, Combine, Missing, Policy};

/// The verdict with the score that it rests on.
pub(super) struct Combined {
    pub(super) verdict: Decided,
    pub(super) combined: Option<f64>,
    pub(super) progress: Option<f64>,
}

pub(super) fn verdict(
    policy: &Policy,
    decided: &[DimensionDecision],
    said: &[Vec<Said>],
) -> Combined {
    let (vetoes, others): (Vec<_>, Vec<_>) = policy
        .dimensions
        .iter()
        .zip(decided)
        .zip(said)
        .partition(|((dimension, _), _)| dimension.safety);
    let scored: Vec<_> = others
        .iter()
        .filter(|((_, decided), _)| decided.verdict != Decided::NotEvaluated)
        .collect();
    let lacking = others.iter().any(|((dimension, decided), _)| {
        dimension.required && decided.verdict == Decided::NotEvaluated
    });
    let units: Vec<(f64, f64)> = scored
        .iter()
        .filter_map(|((dimension, _), said)| Some((dimension.weight, unit(said)?)))
        .collect();
    let (mut verdict, combined) = match (scored.is_empty(), policy.combine) {
        (true, _) => (Decided::NotEvaluated, None),
        (false, Combine::All) => {
            let worst = scored.iter().map(|((_, decided), _)| decided.verdict).max();
            (worst.unwrap_or(Decided::NotEvaluated), None)
        }
        (false, Combine::Any) => {
            let best = scored.iter().map(|((_, decided), _)| decided.verdict).min();
            (best.unwrap_or(Decided::NotEvaluated), None)
        }
        (false, Combine::Weighted(bounds) | Combine::Geometric(bounds) | Combine::Min(bounds)) => {
            let combined = combined(policy.combine, &units);
            (within(bounds, combined), Some(combined))
        }
    };
    let ends = units.iter().map(|(_, unit)| *unit);
    let progress = match policy.combine {
        _ if units.is_empty() => None,
        Combine::All => ends.min_by(f64::total_cmp),
        Combine::Any => ends.max_by(f64::total_cmp),
        Combine::Weighted(_) | Combine::Geometric(_) | Combine::Min(_) => combined,
    };
    // What was not looked at is no pass, unless the policy says that it does not matter.
    if lacking && verdict != Decided::NotEvaluated {
        verdict = match policy.missing {
            Missing::Review => verdict.max(Decided::Review),
            Missing::Reject => Decided::Reject,
            Missing::Ignore => verdict,
        };
    }
    // A veto is never averaged and never ignored; a safety judge that is down never accepts.
    for ((_, decided), _) in vetoes {
        verdict = match (decided.verdict, verdict) {
            (Decided::Reject, _) => Decided::Reject,
            (Decided::Accept, verdict) => verdict,
            (Decided::Review | Decided::NotEvaluated, Decided::Accept) => Decided::Review,
            (Decided::Review | Decided::NotEvaluated, verdict) => verdict,
        };
    }
    Combined {
        verdict,
        combined,
        progress,
    }
}

fn unit(said: &[Said]) -> Option<f64> {
    said.iter().rev().find_map(|said| match said {
        Said::Score { unit, .. } => Some(*unit),
        Said::Nothing { .. } => None,
    })
}

fn combined(combine: Combine, units: &[(f64, f64)]) -> f64 {
    let total: f64 = units.iter().map(|(weight, _)| weight).sum();
    match combine {
        Combine::Min(_) => units
            .iter()
            .map(|(_, unit)| *unit)
            .fold(f64::INFINITY, f64::min),
        Combine::Geometric(_) => {
            let logs = units.iter().map(|(weight, unit)| weight * unit.ln());
            (logs.sum::<f64>() / total).exp()
        }
        Combine::Weighted(_) | Combine::All | Combine::Any => {
            units
                .iter()
                .map(|(weight, unit)| weight * unit)
                .sum::<f64>()
                / total
        }
    }
}

fn within(bounds: Bounds, combined: f64) -> Decided {
    if combined >= bounds.accept {
        Decided::Accept
    } else if bounds.reject.is_some_and(|reject| combined <= reject) {
        Decided::Reject
    } else {
        Decided::Review
    }
}
