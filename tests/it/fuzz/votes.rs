//! Votes that were cast anyhow: strengths are finite, or there is a reason by name why there are none.

use opine::stats::strengths::{
    Model, Outcome, Sandwich, StrengthSettings, Vote, Votes, fit_strengths, sandwich_intervals,
};

use crate::support::lots::Lots;

const MODELS: [Model; 4] = [
    Model::BradleyTerry,
    Model::Davidson,
    Model::RaoKupper,
    Model::Thurstone,
];

fn vote(items: u32, lots: &mut Lots) -> Vote {
    let first = u32::try_from(lots.below(u64::from(items))).unwrap();
    let step = 1 + u32::try_from(lots.below(u64::from(items) - 1)).unwrap();
    let outcome = match lots.below(6) {
        0 | 1 => Outcome::First,
        2 | 3 => Outcome::Second,
        4 => Outcome::Tie,
        _ => Outcome::Soft {
            first: 1.0,
            second: 0.0,
        },
    };
    let weight = [1.0, 1.0, 1e-9, 1e9, 0.3][lots.place(5)];
    Vote {
        weight,
        ..Vote::new(first, (first + step) % items, outcome)
    }
}

#[test]
fn strengths_are_finite_or_refused_by_name() {
    let mut lots = Lots(0x0b7a_d1e5);
    let (mut fitted, mut refused) = (0, 0);
    for _ in 0..200 {
        let items = 2 + u32::try_from(lots.below(9)).unwrap();
        let count = 1 + lots.place(40);
        let votes: Vec<Vote> = (0..count).map(|_| vote(items, &mut lots)).collect();
        let votes = Votes::new(items as usize, votes).unwrap();
        for model in MODELS {
            let settings = StrengthSettings {
                order_effect: lots.below(2) == 0,
                ..StrengthSettings::new(model)
            };
            let Ok(strengths) = fit_strengths(&votes, &settings) else {
                refused += 1;
                continue;
            };
            fitted += 1;
            assert_eq!(strengths.values.len(), items as usize);
            assert!(
                strengths.values.iter().all(|value| value.is_finite()),
                "{votes:?}"
            );
            assert!(strengths.log_likelihood.is_finite() && strengths.log_likelihood <= 0.0);
            let intervals = sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default());
            for interval in intervals.iter().flat_map(|intervals| &intervals.values) {
                assert!(interval.low <= interval.high, "{interval:?} of {votes:?}");
            }
        }
    }
    assert!(fitted > 30 && refused > 30, "{fitted} {refused}");
}
