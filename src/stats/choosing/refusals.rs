//! What is refused, by kind.

use super::*;
use crate::stats::StatsError;
use crate::stats::strengths::{Anchors, Model, Posterior, StrengthsError};

#[test]
fn what_cannot_be_is_refused_by_name() {
    let prior = Posterior::prior(3, Model::BradleyTerry, 1.0).unwrap();
    let choice = Choice {
        repeats: Repeats::Never,
        seed: 0,
    };
    let row = |row: &[f64]| row.to_vec();
    let even = [row(&[0.5, 0.5]), row(&[0.5, 0.5])];
    let anchors = |better: &[Vec<f64>], worths: &[f64]| {
        Anchors::new(Model::Thurstone, better, worths).map(drop)
    };
    let refused = [
        Posterior::prior(1, Model::BradleyTerry, 1.0).map(drop),
        Posterior::prior(1_025, Model::BradleyTerry, 1.0).map(drop),
        Posterior::prior(3, Model::Davidson, 1.0).map(drop),
        Posterior::prior(3, Model::Thurstone, 0.0).map(drop),
        prior.intervals(1.0).map(drop),
        information_gain(Model::RaoKupper, 0.0, 1.0).map(drop),
        information_gain(Model::Thurstone, f64::NAN, 1.0).map(drop),
        information_gain(Model::Thurstone, 0.0, -1.0).map(drop),
        most_informative(&prior, &Met::new(4), &choice).map(drop),
        informative_batch(&prior, &Met::new(2), &choice, 9).map(drop),
        swiss_round(&[1.0, f64::NAN], &Met::new(2), &[0; 2], 0).map(drop),
        swiss_round(&[1.0, 2.0], &Met::new(3), &[0; 2], 0).map(drop),
        swiss_round(&[1.0, 2.0], &Met::new(2), &[0; 3], 0).map(drop),
        anchors(&even, &[1.0, 1.0]),
        anchors(&even, &[1.0, f64::INFINITY]),
        anchors(&even, &[1.0]),
        anchors(&[row(&[0.5, 0.6]), row(&[0.5, 0.5])], &[1.0, 2.0]),
        anchors(&[row(&[0.5, 1.2]), row(&[-0.2, 0.5])], &[1.0, 2.0]),
        anchors(&[row(&[0.5]), row(&[0.5, 0.5])], &[1.0, 2.0]),
        Anchors::new(Model::Davidson, &even, &[1.0, 2.0]).map(drop),
    ];
    for (at, refused) in refused.iter().enumerate() {
        assert!(
            matches!(refused, Err(StatsError::Argument { .. })),
            "{at}: {refused:?}"
        );
    }
    assert!(matches!(
        swiss_round(&[1.0], &Met::new(1), &[0], 0),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        Widths::new(&[], &[]),
        Err(StatsError::TooFew { .. })
    ));
    let flat = Anchors::new(Model::Thurstone, &even, &[1.0, 2.0]).unwrap();
    let placed = |p: &[f64]| flat.place(p);
    let kind = |error| {
        matches!(
            error,
            Err(StrengthsError::Stats(StatsError::Undefined { .. }))
        )
    };
    assert!(kind(placed(&[0.9, 0.9])));
    for p in [&[0.5][..], &[0.5, 1.5], &[f64::NAN, 0.5]] {
        let refused = placed(p);
        assert!(matches!(
            refused,
            Err(StrengthsError::Stats(StatsError::Argument { .. }))
        ));
    }
}
