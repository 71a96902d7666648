#![expect(clippy::float_cmp, reason = "worked cases are exact in binary")]

use super::*;

fn rows(gain: f64, noise: f64) -> Vec<Row> {
    let mut rng = crate::stats::resample::CounterRng::new(3, 0);
    let mut rows = Vec::new();
    for prompt in 0..80 {
        let base = rng.normal();
        for (system, extra) in [("old", 0.0), ("new", gain)] {
            let value = base + extra + noise * rng.normal();
            rows.push(Row {
                group: format!("p{prompt}"),
                id: format!("p{prompt}-{system}"),
                system: Some(system.to_owned()),
                score: Some(value),
                human: Some(-value),
            });
        }
    }
    rows
}

fn settings() -> ReleaseSettings {
    ReleaseSettings {
        margin: 0.1,
        higher_is_better: true,
        plan: Plan::default(),
    }
}

fn by_score(rows: &[Row]) -> Difference {
    difference(rows, "new", "old", |row| row.score, &settings()).unwrap()
}

#[test]
fn a_gain_a_loss_and_neither_are_told_apart() {
    let better = by_score(&rows(0.5, 0.3));
    assert_eq!((better.shown, better.non_inferior), (Shown::Better, true));
    assert!(better.p_value < 0.01 && better.ci[0] < 0.5 && 0.5 < better.ci[1]);
    let worse = by_score(&rows(-0.5, 0.3));
    assert_eq!((worse.shown, worse.non_inferior), (Shown::Worse, false));
    let same = by_score(&rows(0.0, 0.1));
    assert_eq!((same.shown, same.non_inferior), (Shown::NoDifference, true));
    let vague = by_score(&rows(0.0, 2.0));
    assert_eq!(
        (vague.shown, vague.non_inferior),
        (Shown::NoDifference, false)
    );
    assert!(vague.minimum_detectable > same.minimum_detectable);
}

#[test]
fn a_missing_score_leaves_its_prompt_out() {
    let mut rows = rows(0.5, 0.3);
    rows[0].score = None;
    let found = by_score(&rows);
    assert_eq!((found.prompts, found.left_out), (79, 1));
}

#[test]
fn a_judge_that_says_the_opposite_is_found_out() {
    let validity = validity(&rows(0.5, 0.3), &settings()).unwrap();
    assert_eq!(
        (validity.pairs, validity.agree, validity.opposite),
        (1, 0, 1)
    );
}

/// Rows of three systems on so many prompts: people rate by `human`, the judge by `judge`, of system and prompt.
fn three(prompts: u32, judge: fn(u32, u32) -> f64, human: fn(u32, u32) -> f64) -> Vec<Row> {
    let items = (0..prompts).flat_map(|prompt| (0..3).map(move |system| (prompt, system)));
    let row = |(prompt, system)| Row {
        group: format!("p{prompt}"),
        id: format!("p{prompt}-{system}"),
        system: Some(format!("s{system}")),
        score: Some(judge(prompt, system)),
        human: Some(human(prompt, system)),
    };
    items.map(row).collect()
}

#[test]
fn agreement_has_the_intervals_of_a_worked_case() {
    // People always rate s2 above s1 above s0; the judge sees s2 and takes s0 and s1 for the same.
    let rows = three(
        40,
        |prompt, system| f64::from(prompt % 7) + f64::from(system / 2),
        |_, system| f64::from(system),
    );
    let found = validity(&rows, &settings()).unwrap();
    assert_eq!((found.pairs, found.agree, found.missed), (3, 2, 1));
    let agreement = found.agreement.unwrap();
    assert_eq!(agreement.value, 2.0 / 3.0);
    // On whatever prompts: the same every time. For other pairs hardly anything is known.
    assert_eq!(agreement.ci, [2.0 / 3.0; 2]);
    assert!(
        agreement.ci_method.contains("prompts are drawn"),
        "{agreement:?}"
    );
    // statsmodels 0.15.0: proportion_confint(2, 3, method="wilson").
    let wilson = [0.207_659_600_802_047_7, 0.938_508_055_279_603_9];
    for (end, expected) in agreement.pairs_ci.iter().zip(wilson) {
        assert!((end - expected).abs() < 1e-9, "{agreement:?}");
    }
    // Of every prompt's three preferences two are the judge's, and its tie counts half.
    let preferences = found.preferences.unwrap();
    assert_eq!((preferences.n, preferences.value), (120, 2.5 / 3.0));
    assert_eq!(preferences.ci, [2.5 / 3.0; 2]);
}

#[test]
fn prompts_that_differ_widen_the_interval_and_copies_of_one_do_not_narrow_it() {
    let judge =
        |prompt: u32, system: u32| f64::from(system) * if prompt % 4 == 0 { -1.0 } else { 1.0 };
    let rows = three(40, judge, |_, system| f64::from(system));
    let once = validity(&rows, &settings()).unwrap().preferences.unwrap();
    assert_eq!((once.n, once.value), (120, 0.75));
    // Three preferences of a prompt go together: 40 prompts, not 120 items. The standard error is .0685.
    let width = once.ci[1] - once.ci[0];
    assert!((0.2..0.33).contains(&width), "{once:?}");
    let twice: Vec<Row> = [&rows[..], &rows[..]].concat();
    let twice = validity(&twice, &settings()).unwrap().preferences.unwrap();
    assert_eq!((twice.n, twice.ci), (once.n, once.ci));
}

#[test]
fn what_people_do_not_prefer_or_nobody_compares_has_no_agreement() {
    let rows = three(10, |_, system| f64::from(system), |_, _| 1.0);
    let found = validity(&rows, &settings()).unwrap();
    assert_eq!((found.agree, found.preferences), (0, None));
    let alone: Vec<Row> = rows.into_iter().step_by(3).collect();
    let found = validity(&alone, &settings()).unwrap();
    assert_eq!((found.pairs, found.agreement), (0, None));
}

#[test]
fn lower_scores_may_be_better_and_ratings_are_not() {
    let rows = three(
        10,
        |_, system| -f64::from(system),
        |_, system| f64::from(system),
    );
    let turned = ReleaseSettings {
        higher_is_better: false,
        ..settings()
    };
    let found = validity(&rows, &turned).unwrap();
    assert_eq!((found.agree, found.preferences.unwrap().value), (3, 1.0));
    let found = validity(&rows, &settings()).unwrap();
    assert_eq!((found.opposite, found.preferences.unwrap().value), (3, 0.0));
}

#[test]
fn pairs_are_compared_on_the_prompts_that_all_systems_have() {
    let mut rows = rows(0.5, 0.3);
    rows[0].score = None;
    rows[3].human = None;
    let validity = validity(&rows, &settings()).unwrap();
    assert_eq!((validity.prompts, validity.left_out), (78, 2));
}

#[test]
fn one_prompt_is_refused() {
    let rows = &rows(0.5, 0.3)[..2];
    assert!(difference(rows, "new", "old", |row| row.score, &settings()).is_err());
    assert!(difference(rows, "new", "none", |row| row.score, &settings()).is_err());
}
