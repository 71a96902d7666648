//! What engines send: log-probabilities of tokens.

use opine::backend::readout::{Labels, read_reply, reply_of};
use opine::judging::{AnswerOption, AnswerPlace, Opinion, Options, Temperature};
use serde_json::{Value, json};

use super::{changed, disturbed};
use crate::support::lots::Lots;

/// Tokens that a model may list, labels among them.
const TOKENS: [&str; 8] = [
    "good",
    " good",
    "Poor",
    "poor",
    "the",
    "",
    "\u{2581}fair",
    "go",
];

/// Logarithms, most of them such as there are.
fn logarithm(lots: &mut Lots) -> Value {
    match lots.below(12) {
        0 => json!(-9999.0),
        1 => json!(0.0),
        2 => json!(1e-7),
        3 => json!(-1e308),
        4 => json!(0.7),
        _ => json!(-(lots.below(8_000) as f64) / 1_000.0),
    }
}

fn place(lots: &mut Lots) -> Value {
    let listed: Vec<Value> = (0..lots.below(6))
        .map(|_| json!({"token": TOKENS[lots.place(8)], "logprob": logarithm(lots)}))
        .collect();
    json!({"token": TOKENS[lots.place(8)], "logprob": logarithm(lots), "top_logprobs": listed})
}

fn reply(lots: &mut Lots) -> Value {
    let content: Vec<Value> = (0..lots.below(4)).map(|_| place(lots)).collect();
    let text = ["good", "It is poor.", ""][lots.place(3)];
    json!({"choices": [{
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
        "logprobs": {"content": content},
    }]})
}

/// Reads a reply; whether there was a choice, which then is what a choice must be.
fn read(document: &Value, labels: &Labels) -> bool {
    let mut is_read = false;
    for place in [AnswerPlace::Next, AnswerPlace::Last] {
        let choice = reply_of(document).and_then(|reply| read_reply(&reply, labels, place));
        let Ok(choice) = choice else { continue };
        is_read = true;
        assert!(
            choice.log_mass().iter().all(|mass| mass.is_finite()),
            "{document}"
        );
        if let Some(coverage) = choice.coverage() {
            assert!((0.0..=1.0).contains(&coverage.value()), "{document}");
        }
        for temperature in [Temperature::ONE, Temperature::new(0.01).unwrap()] {
            let opinion = Opinion::from_choice(&choice, temperature);
            let total: f64 = opinion.probabilities().iter().sum();
            assert!((total - 1.0).abs() < 1e-9, "{total} of {document}");
        }
    }
    is_read
}

#[test]
fn no_reply_gives_a_number_that_is_none() {
    let option = |name: &str| AnswerOption::new(name, vec![]).unwrap();
    let options = Options::new(["good", "fair", "poor"].map(option).to_vec()).unwrap();
    let labels = Labels::new(&options).unwrap();
    let mut lots = Lots(0x70_6b_e2);
    let (mut choices, mut none) = (0, 0);
    for _ in 0..10_000 {
        let reply = reply(&mut lots);
        let disturbed = disturbed(&reply, &mut lots);
        for document in [&reply, &disturbed] {
            match read(document, &labels) {
                true => choices += 1,
                false => none += 1,
            }
        }
        let text = changed(reply.to_string().as_bytes(), &mut lots);
        if let Ok(document) = serde_json::from_slice(&text) {
            read(&document, &labels);
        }
    }
    assert!(choices > 500 && none > 500, "{choices} {none}");
}
