//! Tables of what engines send and what is read from it.

use serde_json::{Value, json};

use super::*;
use crate::backend::BackendError;
use crate::judging::{AnswerOption, AnswerPlace, Choice, LengthCorrection, Options, Readout};

fn labels(names: &[&str]) -> Labels {
    let options = names
        .iter()
        .map(|name| AnswerOption::new(*name, vec![]).unwrap())
        .collect();
    Labels::new(&Options::new(options).unwrap()).unwrap()
}

/// Texts of tokens and their probabilities.
type Tokens<'a> = &'a [(&'a str, f64)];

fn top(listed: Tokens<'_>) -> Result<Position, BackendError> {
    let candidates = listed
        .iter()
        .map(|(text, p)| TokenMass::of_text(text, p.ln()))
        .collect();
    Position::new(candidates, Extent::Top, None)
}

fn read(listed: Tokens<'_>, names: &[&str]) -> Result<Choice, BackendError> {
    read_position(&top(listed)?, &labels(names), Readout::TopTokens)
}

fn probabilities(choice: &Choice) -> Vec<f64> {
    choice.log_mass().iter().map(|mass| mass.exp()).collect()
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
}

fn kind(error: &BackendError) -> &'static str {
    match error {
        BackendError::Refused { .. } => "refused",
        BackendError::Unreadable { .. } => "unreadable",
        BackendError::NoCoverage { .. } => "no coverage",
        BackendError::NotFinite { .. } => "not finite",
        BackendError::Failed { .. } => "failed",
        BackendError::Image { .. }
        | BackendError::CannotAnswer { .. }
        | BackendError::Resting { .. } => "other",
    }
}

#[test]
fn all_spellings_of_a_label_count_and_each_token_once() {
    let listed = [
        ("good", 0.3),
        (" good", 0.2),
        ("\u{2581}Good", 0.1),
        ("\u{120}GOOD", 0.05),
        ("good", 0.3),
        ("poor", 0.1),
        ("goods", 0.01),
        ("the", 0.02),
    ];
    let choice = read(&listed, &["good", "poor"]).unwrap();
    close(&probabilities(&choice), &[0.65, 0.1]);
    close(&[choice.coverage().unwrap().value()], &[0.75]);
    assert!(!choice.is_censored());
}

#[test]
fn case_counts_where_it_tells_options_apart_and_for_letters() {
    let apart = labels(&["no", "NO"]);
    assert_eq!(apart.option_of_text(" no"), Some(0));
    assert_eq!(apart.option_of_text("NO"), Some(1));
    assert_eq!(apart.option_of_text("No"), None);
    let letters = labels(&["A", "B"]);
    assert_eq!(letters.option_of_text(" A"), Some(0));
    assert_eq!(letters.option_of_text("a"), None);
    assert_eq!(labels(&["优", "差"]).option_of_text("优"), Some(0));
}

#[test]
fn tokens_are_compared_by_id_and_bytes_not_by_broken_text() {
    let token = |id, bytes: &[u8], p: f64| TokenMass {
        id,
        bytes: bytes.to_vec(),
        log_probability: p.ln(),
    };
    // Two halves of characters print alike and are two tokens.
    let candidates = vec![
        token(None, &[0xe4], 0.2),
        token(None, &[0xe5], 0.3),
        token(Some(7), b"good", 0.1),
        token(Some(8), b"good", 0.1),
        token(Some(8), b"good", 0.1),
        token(Some(9), b"poor", 0.1),
    ];
    let position = Position::new(candidates, Extent::Top, None).unwrap();
    assert_eq!(position.candidates().len(), 5);
    let choice = read_position(&position, &labels(&["good", "poor"]), Readout::TopTokens).unwrap();
    close(&probabilities(&choice), &[0.2, 0.1]);
    // The tokenizer knows tokens that are no label as they stand.
    let known = labels(&["excellent", "good"])
        .with_tokens(&[vec![vec![9, 1]], vec![vec![7], vec![8]]])
        .unwrap();
    let choice = read_position(&position, &known, Readout::LabelTokens).unwrap();
    close(&probabilities(&choice), &[0.1, 0.2]);
}

#[test]
fn first_tokens_must_tell_labels_apart() {
    let names = labels(&["good", "goodish", "bad"]);
    let shared = [vec![vec![1]], vec![vec![1, 2]], vec![vec![3]]];
    let clash = names.clone().with_tokens(&shared).unwrap_err();
    assert_eq!((&clash.first[..], &clash.second[..]), ("good", "goodish"));
    let apart = [vec![vec![1]], vec![vec![4, 2], vec![5, 2]], vec![vec![3]]];
    let known = names.with_tokens(&apart).unwrap();
    assert_eq!(known.ids().collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert!(labels(&["1", "10"]).nested().is_some());
    assert!(labels(&["1", "2"]).nested().is_none());
}

#[test]
fn a_label_that_is_not_listed_is_bounded() {
    // No more than the least listed token, and no more than what is left.
    let cases = [
        (vec![("good", 0.6), ("the", 0.1), ("a", 0.05)], 0.05),
        (vec![("good", 0.6), ("the", 0.38)], 0.02),
    ];
    for (listed, ceiling) in cases {
        let choice = read(&listed, &["good", "poor"]).unwrap();
        assert!(choice.is_censored());
        close(&probabilities(&choice), &[0.6, ceiling / 2.0]);
        close(&[choice.coverage().unwrap().value()], &[0.6]);
    }
    // What may be its beginning is added to what it may have.
    let choice = read(
        &[("good", 0.5), ("ex", 0.2), ("the", 0.1)],
        &["excellent", "good"],
    )
    .unwrap();
    close(&probabilities(&choice), &[0.15, 0.5]);
    // The drawn token is listed even where it is not among the most probable.
    let drawn = TokenMass::of_text("odd", 0.001f64.ln());
    let candidates = [("good", 0.6), ("the", 0.1)].map(|(t, p)| TokenMass::of_text(t, f64::ln(p)));
    let candidates = [vec![drawn.clone()], candidates.to_vec()].concat();
    let position = Position::new(candidates, Extent::Top, Some(drawn)).unwrap();
    let choice = read_position(&position, &labels(&["good", "poor"]), Readout::TopTokens).unwrap();
    close(&probabilities(&choice), &[0.6, 0.05]);
}

#[test]
fn what_cannot_be_read_ends_in_its_error() {
    let cases: [(Tokens<'_>, &[&str], &str); 7] = [
        (
            &[("I", 0.6), ("The", 0.3)],
            &["good", "poor"],
            "no coverage",
        ),
        (&[], &["good", "poor"], "no coverage"),
        (
            &[("good", 0.0), ("poor", 0.0), ("a", 0.5)],
            &["good", "poor"],
            "no coverage",
        ),
        (
            &[("good", f64::NAN), ("poor", 0.1)],
            &["good", "poor"],
            "not finite",
        ),
        (&[("good", 1.1), ("poor", 0.1)], &["good", "poor"], "failed"),
        (&[("good", 0.7), ("poor", 0.6)], &["good", "poor"], "failed"),
        (&[("1", 0.7), ("2", 0.2)], &["1", "2", "10"], "unreadable"),
    ];
    for (listed, names, expected) in cases {
        let error = read(listed, names).unwrap_err();
        assert_eq!(kind(&error), expected, "{listed:?}: {error}");
    }
    let error = read(&[("I", 0.6), ("The", 0.3)], &["good", "poor"]).unwrap_err();
    assert!(error.to_string().contains("\"I\" (0.6000)"), "{error}");
    // What was asked for by id must come.
    let position = top(&[("good", 0.7)]).unwrap().with_extent(Extent::Asked);
    let asked = read_position(&position, &labels(&["good", "poor"]), Readout::LabelTokens);
    assert_eq!(kind(&asked.unwrap_err()), "failed");
}

#[test]
fn no_probability_is_a_finite_floor() {
    let choice = read(&[("good", 0.9), ("poor", 0.0)], &["good", "poor"]).unwrap();
    assert!((choice.log_mass()[1] - LOG_FLOOR).abs() < 1e-12);
    assert!(!choice.is_censored());
}

fn place(token: &str, listed: &[(&str, f64)]) -> Value {
    let token_json =
        |text: &str, p: f64| json!({"token": text, "bytes": text.as_bytes(), "logprob": p.ln()});
    let mut value = token_json(token, listed.first().map_or(1.0, |first| first.1));
    value["top_logprobs"] = listed
        .iter()
        .map(|(text, p)| token_json(text, *p))
        .collect();
    value
}

fn reply(content: &str, places: &[Value]) -> Value {
    json!({"finish_reason": "stop", "index": 0, "logprobs": {"content": places},
        "message": {"role": "assistant", "content": content, "refusal": null}, "token_ids": null})
}

#[test]
fn a_vllm_choice_reads_to_the_softmax_of_its_labels() {
    let five = [
        ("5", 0.8),
        ("4", 0.15),
        ("Good", 0.02),
        ("3", 0.01),
        ("2", 1e-5),
        ("1", 1e-6),
    ];
    let end = [("<|im_end|>", 1.0), ("5", 1e-15), ("4", 1e-15)];
    let choice = reply("5", &[place("5", &five), place("<|im_end|>", &end)]);
    let names = labels(&["1", "2", "3", "4", "5"]);
    for document in [
        choice.clone(),
        json!({"id": 7, "choice": choice}),
        json!({"choices": [choice]}),
    ] {
        let reply = reply_of(&document).unwrap();
        for place in [AnswerPlace::Next, AnswerPlace::Last] {
            let read = read_reply(&reply, &names, place).unwrap();
            close(&probabilities(&read), &[1e-6, 1e-5, 0.01, 0.15, 0.8]);
            assert_eq!(read.readout(), Readout::TopTokens);
        }
    }
}

#[test]
fn the_last_label_of_a_written_answer_is_read() {
    let names = labels(&["1", "2", "3", "4", "5"]);
    let plain = |text: &str| place(text, &[(text, 0.9)]);
    let decided = |lead: &str| {
        let (four, five) = (format!("{lead}4"), format!("{lead}5"));
        place(&four, &[(&four, 0.7), (&five, 0.2)])
    };
    let cases: [(&str, Vec<Value>, &str); 5] = [
        (
            "an earlier scale is no answer",
            vec![
                plain("On a "),
                plain("1"),
                plain("-"),
                plain("5"),
                plain(" scale: {\"score\": "),
                decided(""),
                plain("}"),
            ],
            "On a 1-5 scale: {\"score\": 4}",
        ),
        (
            "a quotation mark in the token of the label",
            vec![plain("{\"score\": "), decided("\""), plain("\"}")],
            "{\"score\": \"4\"}",
        ),
        (
            "a denominator is no answer",
            vec![plain("I give it"), decided(" "), plain("/"), plain("5")],
            "I give it 4/5",
        ),
        (
            "reasoning is no answer",
            vec![
                plain("<think>"),
                plain("score: "),
                plain("2"),
                plain("</think>"),
                plain("So"),
                decided(" "),
                plain("<|im_end|>"),
            ],
            "So 4",
        ),
        (
            "what is announced counts more than what follows",
            vec![
                plain("Score: "),
                decided(""),
                plain(". It lacks "),
                plain("2"),
                plain(" details."),
            ],
            "Score: 4. It lacks 2 details.",
        ),
    ];
    for (name, places, content) in cases {
        let reply = reply_of(&reply(content, &places)).unwrap();
        let choice = read_reply(&reply, &names, AnswerPlace::Last);
        let choice = choice.unwrap_or_else(|error| panic!("{name}: {error}"));
        close(&probabilities(&choice)[3..], &[0.7, 0.2]);
    }
    let none = reply_of(&reply("no idea", &[plain("no"), plain(" idea")])).unwrap();
    let error = read_reply(&none, &names, AnswerPlace::Last).unwrap_err();
    assert_eq!(kind(&error), "unreadable");
}

#[test]
fn written_answers_settle_on_a_label_or_on_none() {
    let letters = ["A", "B", "C"];
    let digits = ["1", "2", "3", "4", "5"];
    let words = ["excellent", "good", "fair", "poor", "bad"];
    let yes_no = ["yes", "no"];
    let cases: [(&str, &[&str], &str); 28] = [
        ("B", &letters, "B"),
        ("**B**.", &letters, "B"),
        ("Good", &words, "good"),
        ("Assistant A is fine, B is better. [[B]]", &letters, "B"),
        ("A is good, but my answer is **C**, not A", &letters, "C"),
        ("A sharp picture; I prefer B", &letters, "B"),
        ("A blurred photograph.", &letters, "unreadable"),
        ("Both A and B are blurred, yet C", &letters, "C"),
        ("The quality is good.", &words, "good"),
        ("It is not good, it is poor", &words, "poor"),
        ("It is not very good.", &words, "unreadable"),
        ("{\"reasoning\": \"5 objects\", \"score\": 4}", &digits, "4"),
        ("I would rate it 4 out of 5.", &digits, "4"),
        ("Rating: 3/5", &digits, "3"),
        ("3.5", &digits, "unreadable"),
        ("On the 1-5 scale I cannot say", &digits, "refused"),
        ("评分：4", &digits, "4"),
        ("<think>maybe 2</think>\n4", &digits, "4"),
        ("<think>maybe 2", &digits, "unreadable"),
        ("", &digits, "refused"),
        ("I'm sorry, but I can't help with that.", &yes_no, "refused"),
        ("I\u{2019}m unable to view images.", &yes_no, "refused"),
        ("抱歉，我无法回答。", &yes_no, "refused"),
        ("对不起，我不能提供评分", &digits, "refused"),
        ("Yes, there is.", &yes_no, "yes"),
        ("No, not yes", &yes_no, "no"),
        ("10", &digits, "unreadable"),
        ("Somewhere between", &digits, "unreadable"),
    ];
    for (text, names, expected) in cases {
        let found = match label_of(text, &labels(names)) {
            Ok(option) => names[option],
            Err(error) => kind(&error),
        };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn refusals_of_engines_are_refusals() {
    let names = labels(&["good", "poor"]);
    let mut filtered = reply("good", &[place("good", &[("good", 0.9)])]);
    filtered["finish_reason"] = json!("content_filter");
    let mut refused = reply("", &[]);
    refused["message"]["refusal"] = json!("I can't do that.");
    for document in [filtered, refused] {
        let reply = reply_of(&document).unwrap();
        let error = read_reply(&reply, &names, AnswerPlace::Next).unwrap_err();
        assert_eq!(kind(&error), "refused", "{document}");
    }
    for bad in [json!({"choices": []}), json!({"error": "no"}), json!([])] {
        assert_eq!(kind(&reply_of(&bad).unwrap_err()), "failed", "{bad}");
    }
    let mut null = place("good", &[("good", 0.9)]);
    null["top_logprobs"][0]["logprob"] = Value::Null;
    let error = reply_of(&reply("good", &[null])).unwrap_err();
    assert_eq!(kind(&error), "not finite");
}

#[test]
fn drawn_answers_are_counted() {
    let names = labels(&["good", "poor"]);
    let drawn = |texts: &[&str]| {
        let replies: Vec<ChatReply> = texts
            .iter()
            .map(|text| reply_of(&reply(text, &[])).unwrap())
            .collect();
        read_samples(&replies, &names)
    };
    let choice = drawn(&["good", "Good.", "poor", "hm", "I cannot say"]).unwrap();
    assert_eq!(choice, Choice::sampled(vec![2, 1], 5).unwrap());
    assert_eq!(kind(&drawn(&["I cannot say", ""]).unwrap_err()), "refused");
    assert_eq!(
        kind(&drawn(&["I cannot say", "hm"]).unwrap_err()),
        "unreadable"
    );
    let parsed = read_parsed(&reply_of(&reply("poor", &[])).unwrap(), &names).unwrap();
    assert_eq!(parsed, Choice::parsed(1, 2).unwrap());
}

fn forced(tokens: &[u32], steps: &[f64], prior: Option<&[f64]>) -> Vec<Forced> {
    let ln = |steps: &[f64]| steps.iter().map(|p| p.ln()).collect::<Vec<f64>>();
    vec![Forced {
        tokens: tokens.to_vec(),
        log_probabilities: ln(steps),
        without_image: prior.map(ln),
    }]
}

#[test]
fn forced_labels_are_compared_as_the_card_says() {
    let names = ["very good".to_owned(), "bad".to_owned()];
    let options = [
        forced(&[1, 2], &[0.4, 0.5], Some(&[0.1, 0.5])),
        forced(&[3], &[0.1], Some(&[0.2])),
    ];
    let cases = [
        (LengthCorrection::Sum, [0.2, 0.1]),
        (LengthCorrection::Mean, [0.2f64.sqrt(), 0.1]),
        (LengthCorrection::Prior, [4.0, 0.5]),
    ];
    for (length, expected) in cases {
        let choice = read_forced(&options, &names, length).unwrap();
        close(&probabilities(&choice), &expected);
        close(&[choice.coverage().unwrap().value()], &[0.3]);
        assert_eq!(choice.readout(), Readout::ForcedSequence);
    }
    // `1` loses what belongs to `1 0`.
    let nested = [
        forced(&[1], &[0.5], None),
        forced(&[1, 0], &[0.5, 0.8], None),
    ];
    let choice = read_forced(&nested, &names, LengthCorrection::Sum).unwrap();
    close(&probabilities(&choice), &[0.1, 0.4]);
}

#[test]
fn forced_labels_that_cannot_be_read_end_in_their_error() {
    let names = ["a".to_owned(), "b".to_owned()];
    let fine = || forced(&[1], &[0.5], None);
    let cases = [
        (vec![vec![], fine()], "failed"),
        (vec![forced(&[2], &[f64::NAN], None), fine()], "not finite"),
        (vec![forced(&[2], &[1.5], None), fine()], "failed"),
        (vec![forced(&[2, 3], &[0.5], None), fine()], "failed"),
        (
            vec![forced(&[2], &[0.0], None), forced(&[1], &[0.0], None)],
            "no coverage",
        ),
    ];
    for (options, expected) in cases {
        let error = read_forced(&options, &names, LengthCorrection::Sum).unwrap_err();
        assert_eq!(kind(&error), expected, "{error}");
    }
    let error = read_forced(
        &[fine(), forced(&[2], &[0.5], None)],
        &names,
        LengthCorrection::Prior,
    );
    assert_eq!(kind(&error.unwrap_err()), "failed");
}
