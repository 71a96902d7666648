//! Replies that no score may come from: each ends in its error.

use opine::backend::Backend as _;
use opine::judging::{Answer, AnswerPlace, LengthCorrection, Readout};
use serde_json::{Value, json};

use super::{
    Play, ask, block_on, choose, kind, listed, listing, next, only, plain, rate, reply, token,
    written,
};

fn changed(mut choice: Value, pointer: &str, value: Value) -> Value {
    *choice.pointer_mut(pointer).unwrap() = value;
    choice
}

#[test]
fn a_bad_reply_ends_in_its_error_and_never_in_a_score() {
    let fine = || listed("good", &[token("good", -0.2), token("poor", -2.0)]);
    let first = "/logprobs/content/0/top_logprobs/0/logprob";
    let mut refused = written("");
    refused["message"]["refusal"] = json!("I cannot judge this.");
    let cases = [
        ("empty choices", reply(&[]), "failed"),
        (
            "no log-probabilities",
            reply(&[written("good")]),
            "unreadable",
        ),
        (
            "null",
            reply(&[changed(fine(), first, Value::Null)]),
            "not finite",
        ),
        (
            "a word",
            reply(&[changed(fine(), first, json!("NaN"))]),
            "not finite",
        ),
        (
            "NaN, which JSON has no word for",
            Play::status(200, "{\"choices\": [{\"logprob\": NaN}]}"),
            "failed",
        ),
        (
            "above 1",
            reply(&[changed(fine(), first, json!(0.5))]),
            "failed",
        ),
        (
            "a page",
            Play::status(200, "<html>Sign in</html>"),
            "failed",
        ),
        ("an error", Play::status(500, "out of memory"), "failed"),
        ("half a reply", Play::BreakOff, "failed"),
        (
            "bytes",
            Play::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe".to_vec()),
            "failed",
        ),
        (
            "a filter",
            reply(&[changed(fine(), "/finish_reason", json!("content_filter"))]),
            "refused",
        ),
        (
            "a filter by status",
            Play::status(
                400,
                "{\"error\": {\"message\": \"The response was filtered (content_filter)\"}}",
            ),
            "refused",
        ),
        ("a refusal", reply(&[refused]), "refused"),
        (
            "other words",
            reply(&[listed("I", &[token("I", -0.1), token("The", -3.0)])]),
            "no coverage",
        ),
        (
            "no mass at all",
            reply(&[listed(
                "good",
                &[token("good", -9999.0), token("poor", -9999.0)],
            )]),
            "no coverage",
        ),
    ];
    for (name, play, expected) in cases {
        let server = listing(play);
        let answer = ask(&plain(&server), &rate());
        assert_eq!(kind(&answer), expected, "{name}: {answer:?}");
    }
}

#[test]
fn a_short_list_bounds_what_it_leaves_out_and_a_token_counts_once() {
    let tokens = [
        token("good", -0.5),
        token("good", -0.5),
        token("fine", -1.5),
    ];
    let server = listing(reply(&[listed("good", &tokens)]));
    let choice = choose(&plain(&server), &rate());
    assert!(choice.is_censored());
    assert_eq!(choice.readout(), Readout::TopTokens);
    assert!((choice.coverage().unwrap().value() - (-0.5f64).exp()).abs() < 1e-12);
    assert!(choice.log_mass()[1] < -1.5);
}

#[test]
fn a_server_that_ignores_log_probabilities_is_found_out() {
    // As `transformers serve` does: `logprobs` and `n` are accepted and nothing comes of them.
    let server = super::Scripted::start(|asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": []}));
        }
        let seed = asked.json()["seed"].as_u64().unwrap();
        reply(&[written(if seed % 3 == 0 { "poor" } else { "It is good." })])
    });
    let chat = plain(&server);
    let abilities = block_on(chat.probe()).unwrap();
    assert!(!abilities.log_probabilities && !abilities.answer_prefix);
    assert_eq!(abilities.readouts, [Readout::Samples, Readout::ParsedText]);
    let drawn = choose(
        &chat,
        &rate().with_reading(next(&[Readout::TopTokens, Readout::Samples])),
    );
    // Seeds 0 to 5: the first request asked for all and got one.
    assert_eq!(
        drawn,
        opine::judging::Choice::sampled(vec![4, 2], 6).unwrap()
    );
    let parsed = choose(&chat, &rate().with_reading(next(&[Readout::ParsedText])));
    assert_eq!(parsed, opine::judging::Choice::parsed(1, 2).unwrap());
    let answer = ask(&chat, &rate().with_reading(next(&[Readout::TopTokens])));
    assert_eq!(kind(&answer), "cannot answer");
    let message = answer.unwrap_err().to_string();
    assert!(
        message.contains("top_tokens") && message.contains("samples, parsed_text"),
        "{message}"
    );
}

#[test]
fn reasoning_is_no_answer() {
    let parsed = next(&[Readout::ParsedText]);
    let mut apart = written("good");
    apart["message"]["reasoning_content"] = json!("poor, poor, poor");
    let mut endless = written("");
    endless["message"]["reasoning_content"] = json!("it may be good");
    let cases = [
        (apart, "choice"),
        (written("<think>poor</think>good"), "choice"),
        (endless, "unreadable"),
        (written("<think>it may be good"), "unreadable"),
        (written(""), "refused"),
        (written("I'm sorry, I can't rate images."), "refused"),
    ];
    for (choice, expected) in cases {
        let server = listing(reply(std::slice::from_ref(&choice)));
        let answer = ask(&plain(&server), &rate().with_reading(parsed.clone()));
        assert_eq!(kind(&answer), expected, "{choice}: {answer:?}");
        if let Ok(Answer::Choice(choice)) = answer {
            assert!(choice.log_mass()[0] > choice.log_mass()[1]);
        }
    }
}

#[test]
fn the_last_label_among_written_tokens_is_read() {
    let place = |tokens: &[Value]| {
        let mut place = tokens[0].clone();
        place["top_logprobs"] = json!(tokens);
        place
    };
    let mut choice = written("Not poor: good");
    choice["logprobs"] = json!({"content": [
        place(&[token("Not", -0.1)]),
        place(&[token(" poor", -0.1), token(" good", -3.0)]),
        place(&[token(":", -0.1)]),
        place(&[token(" good", -0.2), token(" poor", -2.0)]),
    ]});
    let server = listing(reply(&[choice]));
    let reading = only(
        &[Readout::TopTokens],
        AnswerPlace::Last,
        LengthCorrection::Sum,
    );
    let choice = choose(&plain(&server), &rate().with_reading(reading));
    assert_eq!(choice.log_mass(), [-0.2, -2.0]);
}
