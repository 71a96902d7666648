use super::*;

fn policy(head: &str) -> Policy {
    let text = format!(
        r#"
format = 1
id = "p"
version = "1.0.0"
{head}
[[dimension]]
name = "quality"
weight = 3.0
[[dimension.stage]]
judge = "cheap"
accept = 0.8
reject = 0.3
[[dimension.stage]]
judge = "dear"
accept = 0.6
reject = 0.4
[[dimension]]
name = "match"
required = false
reason = "off_prompt"
[[dimension.stage]]
judge = "matcher"
accept = 0.5
reject = 0.2
[[dimension]]
name = "safe"
safety = true
[[dimension.stage]]
judge = "guard"
accept = 0.9
reject = 0.5
"#
    );
    Policy::parse("p.toml", &text).unwrap()
}

fn scores(values: &[f64]) -> Vec<Said> {
    values
        .iter()
        .map(|score| {
            if score.is_nan() {
                Said::Nothing {
                    reason: "backend".to_owned(),
                    detail: "down".to_owned(),
                }
            } else {
                Said::Score {
                    score: *score,
                    unit: *score,
                }
            }
        })
        .collect()
}

const DOWN: f64 = f64::NAN;

#[test]
fn every_rule_has_its_worked_case() {
    use Decided::{Accept, NotEvaluated, Reject, Review};
    let all = "";
    let any = "combine = \"any\"";
    let weighted = "combine = \"weighted\"\naccept = 0.7\nreject = 0.3";
    let geometric = "combine = \"geometric\"\naccept = 0.7\nreject = 0.3";
    let least = "combine = \"min\"\naccept = 0.5\nreject = 0.3";
    let reject_missing = "missing = \"reject\"";
    let ignore_missing = "missing = \"ignore\"";
    let cases: &[(&str, [&[f64]; 3], Decided)] = &[
        (all, [&[0.9], &[0.6], &[0.95]], Accept),
        (all, [&[0.5, 0.7], &[0.6], &[0.95]], Accept),
        (all, [&[0.5, 0.5], &[0.6], &[0.95]], Review),
        (all, [&[0.5, 0.3], &[0.6], &[0.95]], Reject),
        (all, [&[0.2], &[0.6], &[0.95]], Reject),
        // A dimension that is not required may be missing; a required one may not.
        (all, [&[0.9], &[DOWN], &[0.95]], Accept),
        (all, [&[DOWN, DOWN], &[0.6], &[0.95]], Review),
        (all, [&[DOWN, 0.7], &[0.6], &[0.95]], Accept),
        (reject_missing, [&[DOWN, DOWN], &[0.6], &[0.95]], Reject),
        (ignore_missing, [&[DOWN, DOWN], &[0.6], &[0.95]], Accept),
        (all, [&[DOWN, DOWN], &[DOWN], &[0.95]], NotEvaluated),
        // Safety: a veto, never averaged, never accepted when it is down.
        (all, [&[0.9], &[0.6], &[0.4]], Reject),
        (all, [&[0.9], &[0.6], &[0.7]], Review),
        (all, [&[0.9], &[0.6], &[DOWN]], Review),
        (ignore_missing, [&[0.9], &[0.6], &[DOWN]], Review),
        (any, [&[0.9], &[0.6], &[DOWN]], Review),
        (weighted, [&[1.0], &[1.0], &[DOWN]], Review),
        (weighted, [&[1.0], &[1.0], &[0.1]], Reject),
        (all, [&[DOWN, DOWN], &[DOWN], &[0.1]], Reject),
        (any, [&[0.2], &[0.6], &[0.95]], Accept),
        (any, [&[0.2], &[0.1], &[0.95]], Reject),
        // (3 * 0.8 + 0.4) / 4 = 0.7.
        (weighted, [&[0.8], &[0.4], &[0.95]], Accept),
        (weighted, [&[0.8], &[0.39], &[0.95]], Review),
        // exp((3 ln 0.8 + ln 0.4) / 4) = 0.673.
        (geometric, [&[0.8], &[0.4], &[0.95]], Review),
        (geometric, [&[0.8], &[0.0], &[0.95]], Reject),
        (least, [&[0.8], &[0.5], &[0.95]], Accept),
        (least, [&[0.8], &[0.3], &[0.95]], Reject),
    ];
    for (head, said, expected) in cases {
        let said = said.map(scores);
        let decision = decide(&policy(head), &said);
        assert_eq!(decision.verdict, *expected, "{head} {said:?}");
        assert_eq!(
            decision.reasons.is_empty(),
            *expected == Accept,
            "{head} {said:?}"
        );
    }
}

#[test]
fn reasons_name_the_rule_and_the_gravest_stands_first() {
    let said = [scores(&[0.5, 0.5]), scores(&[0.1]), scores(&[DOWN])];
    let decision = decide(&policy(""), &said);
    let codes: Vec<&str> = decision.reasons.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["off_prompt", "safe", "quality"]);
    let first = &decision.reasons[0];
    assert_eq!((first.score, first.threshold), (Some(0.1), Some(0.2)));
    assert!((first.margin.unwrap() - 0.1).abs() < 1e-12);
    assert!(decision.reasons[1].detail.contains("down"));
    assert_eq!(decision.reasons[2].judge.as_deref(), Some("dear"));
}

#[test]
fn the_dear_judge_is_asked_only_where_the_cheap_one_is_unsure() {
    let policy = policy("");
    let quality = &policy.dimensions[0];
    let next = |said: &[f64]| next_stage(quality, &scores(said));
    assert_eq!(next(&[]), Some(0));
    assert_eq!(next(&[0.5]), Some(1));
    assert_eq!(next(&[DOWN]), Some(1));
    assert_eq!(next(&[0.9]), None);
    assert_eq!(next(&[0.1]), None);
    assert_eq!(next(&[0.5, 0.5]), None);
    let sure = decide(&policy, &[scores(&[0.9]), scores(&[0.6]), scores(&[0.95])]);
    assert_eq!(sure.stages_saved, 1);
}
