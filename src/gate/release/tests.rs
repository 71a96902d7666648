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
