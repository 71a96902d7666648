//! Simulated worlds in which the truth is known: intervals hold what they say.

use opine::calibration::{Item, Items, MapKind, Measure, calibrate};
use opine::judging::Better;
use opine::stats::resample::CounterRng;

use super::{fit, fitted, raw, scale, settings, unit};

/// Score, and a label that bends away from it with noise that grows.
fn draw(rng: &mut CounterRng) -> (f64, f64) {
    let score = 0.001 + 0.998 * rng.uniform();
    let label = 1.0 + 4.0 * score * score + (0.2 + 0.4 * score) * rng.normal();
    (score, label.clamp(1.0, 5.0))
}

#[test]
fn intervals_around_scores_hold_new_labels_as_often_as_they_say() {
    let (rounds, fresh) = (12_u64, 1_000);
    let (mut covered, mut measured) = (0_u32, 0.0);
    for round in 0..rounds {
        let mut rng = CounterRng::new(41, round);
        let (scores, labels): (Vec<f64>, Vec<f64>) = (0..400).map(|_| draw(&mut rng)).unzip();
        let items = super::items(&scores, &labels, unit(), scale(1.0, 5.0, Better::Higher));
        let map = fitted(fit(&items, MapKind::Isotonic).unwrap());
        assert!(matches!(map.conformal.measure, Measure::HalfWidth(width) if width > 0.0));
        measured += map.conformal.coverage.value / rounds as f64;
        for _ in 0..fresh {
            let (score, label) = draw(&mut rng);
            let calibrated = map.apply(raw(score), None).unwrap();
            let interval = calibrated.interval.unwrap();
            covered += u32::from((interval.low..=interval.high).contains(&label));
        }
    }
    // Given its 400 labels, an interval's true coverage is near a beta distribution: 0.9 with variance
    // 0.9 * 0.1 / 402. Twelve of them, each tried a thousand times; four standard deviations of the mean.
    let tries = f64::from(u32::try_from(fresh).unwrap()) * rounds as f64;
    let share = f64::from(covered) / tries;
    let slack = 4.0 * (0.09 / tries + 0.09 / 402.0 / rounds as f64).sqrt();
    assert!((share - 0.9).abs() < slack, "{share} beyond {slack}");
    // What the fits measured themselves on held-out folds: 400 labels each.
    let slack = 4.0 * (0.09 / (400.0 * rounds as f64)).sqrt() * 1.5;
    assert!((measured - 0.9).abs() < slack, "{measured} beyond {slack}");
}

#[test]
fn sets_of_levels_hold_new_levels_as_often_as_they_say() {
    let worths = [1.0, 2.0, 3.0, 4.0];
    let level = |rng: &mut CounterRng| {
        let score = 0.001 + 0.998 * rng.uniform();
        let noise = rng.uniform();
        let latent = 6.0 * score + (noise / (1.0 - noise)).ln();
        let level = [1.5, 3.0, 4.5].iter().filter(|cut| latent > **cut).count();
        (score, worths[level])
    };
    let (rounds, fresh) = (8_u64, 1_000);
    let mut covered = 0_u32;
    for round in 0..rounds {
        let mut rng = CounterRng::new(43, round);
        let (scores, labels): (Vec<f64>, Vec<f64>) = (0..400).map(|_| level(&mut rng)).unzip();
        let items = super::items(&scores, &labels, unit(), scale(1.0, 4.0, Better::Higher));
        let map = fitted(fit(&items, MapKind::Ordinal).unwrap());
        assert!(matches!(map.conformal.measure, Measure::Shortfall(_)));
        for _ in 0..fresh {
            let (score, label) = level(&mut rng);
            let calibrated = map.apply(raw(score), None).unwrap();
            let shares = calibrated.levels.unwrap();
            assert!((shares.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
            let near = |worth: &f64| (worth - label).abs() < 1e-9;
            covered += u32::from(calibrated.likely.unwrap().iter().any(near));
        }
    }
    let tries = f64::from(u32::try_from(fresh).unwrap()) * rounds as f64;
    let share = f64::from(covered) / tries;
    let slack = 4.0 * (0.09 / tries + 0.09 / 402.0 / rounds as f64).sqrt();
    assert!((share - 0.9).abs() < slack, "{share} beyond {slack}");
}

#[test]
fn copies_of_one_photograph_deceive_single_items_and_not_whole_groups() {
    // Forty photographs, twelve versions each, whose label is the photograph's own beside a weak score.
    let mut rng = CounterRng::new(47, 0);
    let mut rows = Vec::new();
    for photo in 0..40 {
        let own = rng.uniform();
        for version in 0..12 {
            let score = (own + 0.02 * rng.uniform()).clamp(0.0, 1.0);
            let label = 1.0 + 2.0 * own + 2.0 * (f64::from(photo) * 0.618).fract();
            rows.push(Item {
                id: format!("{photo:02}-{version:02}"),
                raw: score,
                shares: None,
                human: label.clamp(1.0, 5.0),
                group: Some(format!("{photo:02}")),
            });
        }
    }
    let five = scale(1.0, 5.0, Better::Higher);
    let measure = |rows: Vec<Item>| {
        let items = Items::new(rows, unit(), five, None).unwrap();
        let calibration = calibrate(&items, None, &settings(MapKind::Isotonic)).unwrap();
        let rmse = calibration.figures[0].after.unwrap();
        let ends = rmse.interval.unwrap();
        (rmse.value, ends[1] - ends[0], calibration.groups)
    };
    let whole = measure(rows.clone());
    let alone = rows.into_iter().map(|item| Item {
        group: None,
        ..item
    });
    let alone = measure(alone.collect());
    assert_eq!((whole.2, alone.2), (Some(40), None));
    assert!(whole.0 > 1.1 * alone.0, "{whole:?} {alone:?}");
    assert!(whole.1 > 1.5 * alone.1, "{whole:?} {alone:?}");
}
