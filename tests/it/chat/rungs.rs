//! What a server is sent, what it is found to do, and which rung follows.

use base64::Engine as _;
use opine::backend::Backend as _;
use opine::backend::chat::{Flavour, Prefill, Prices};
use opine::judging::{Answer, Image, LengthCorrection, Part, Prompt, Readout, Sampling, Wanted};
use serde_json::{Value, json};

use super::{
    Asked, Play, Scripted, ask, asks, block_on, chat, choose, kind, listed, listing, next, only,
    options, plain, question, rate, reply, token, written,
};
use crate::support::app::fixtures;

fn fine() -> Play {
    reply(&[listed("good", &[token("good", -0.2), token("poor", -2.0)])])
}

/// The request that asked the question itself.
fn sent(server: &Scripted) -> Value {
    let asked = server.asked();
    asked.iter().rev().find(|asked| asks(asked)).unwrap().json()
}

#[test]
fn pictures_are_sent_as_they_are_with_the_type_of_what_they_are() {
    let folder = fixtures("").join("../images/good");
    let mut kinds = Vec::new();
    for file in ["base.png", "base.jpg", "base.webp"] {
        let path = folder.join(file);
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let server = listing(fine());
        let parts = vec![
            Part::Text("Rate it.".into()),
            Part::Image(Image::new(&bytes[..])),
        ];
        let prompt = Prompt::new(parts, Wanted::Options(options(&["good", "poor"]))).unwrap();
        choose(
            &plain(&server),
            &prompt.with_system(Some("Be strict.".into())),
        );
        let sent = sent(&server);
        assert_eq!(
            sent["messages"][0],
            json!({"role": "system", "content": "Be strict."})
        );
        let content = &sent["messages"][1]["content"];
        assert_eq!(content[0], json!({"type": "text", "text": "Rate it."}));
        let url = content[1]["image_url"]["url"].as_str().unwrap();
        let (head, data) = url.split_once(";base64,").unwrap();
        kinds.push(head.to_owned());
        let decoded = base64::prelude::BASE64_STANDARD.decode(data).unwrap();
        assert_eq!(decoded, bytes, "{file}");
    }
    assert!(kinds.contains(&"data:image/png".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"data:image/jpeg".to_owned()), "{kinds:?}");
}

#[test]
fn no_grammar_is_ever_sent() {
    let server = listing(fine());
    choose(&plain(&server), &rate());
    for asked in server.asked().iter().filter(|asked| asked.method == "POST") {
        let body = asked.json();
        for field in [
            "grammar",
            "response_format",
            "structured_outputs",
            "guided_choice",
            "logit_bias",
        ] {
            assert!(body.get(field).is_none(), "{field}");
        }
    }
    let sent = sent(&server);
    assert_eq!(sent["max_tokens"], 1);
    assert_eq!(sent["top_logprobs"], 20);
}

#[test]
fn a_server_is_probed_once_and_its_limit_found() {
    // As old Azure models: more than 5 is an error.
    let server = Scripted::start(|asked| {
        if asked.method == "GET" {
            return Play::status(404, "{}");
        }
        match asked.json()["top_logprobs"].as_u64() {
            Some(top) if top > 5 => {
                Play::status(400, "{\"error\": \"top_logprobs must be at most 5\"}")
            }
            _ => reply(&[listed(
                "good",
                &["good", "poor", "a", "b", "c"].map(|text| token(text, -2.0)),
            )]),
        }
    });
    let chat = plain(&server);
    let abilities = block_on(chat.probe()).unwrap();
    assert!(abilities.log_probabilities && abilities.images_per_prompt > 0);
    choose(&chat, &rate());
    assert_eq!(sent(&server)["top_logprobs"], 5);
    let before = server.count();
    choose(&chat, &rate());
    assert_eq!(server.count(), before + 1, "it was probed again");
    assert_eq!(chat.flavour(), Some(Flavour::Other));
}

#[test]
fn a_server_without_pictures_is_found_out() {
    let server = Scripted::start(|asked| {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        if body.contains("image_url") {
            return Play::status(400, "{\"error\": \"this model does not support images\"}");
        }
        fine()
    });
    let chat = plain(&server);
    assert_eq!(block_on(chat.probe()).unwrap().images_per_prompt, 0);
    assert_eq!(kind(&ask(&chat, &rate())), "cannot answer");
}

#[test]
fn a_failed_probe_is_not_remembered() {
    let server = Scripted::start(|asked| match asked.index {
        0 => Play::status(503, "starting"),
        _ if asked.method == "GET" => Play::status(404, "{}"),
        _ => fine(),
    });
    let chat = plain(&server);
    assert!(block_on(chat.probe()).is_err());
    assert!(block_on(chat.probe()).is_ok());
}

#[test]
fn words_to_continue_are_continued_moved_or_refused() {
    let server = listing(fine());
    let prompt = || rate().with_answer_prefix(Some("The quality is".into()));
    assert_eq!(kind(&ask(&plain(&server), &prompt())), "cannot answer");
    let moved = chat(&server.url("/v1"), |options| {
        options.flavour = Some(Flavour::Other);
        options.prefill = Prefill::InQuestion;
    });
    choose(&moved, &prompt());
    let body = sent(&server);
    let content = body["messages"][0]["content"].as_array().unwrap();
    assert_eq!(content.last().unwrap()["text"], "The quality is");
    // A server that goes on counting goes on with any words.
    let continuing = Scripted::start(|asked| {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        if body.contains("Count from one") {
            reply(&[written(" four, five")])
        } else {
            fine()
        }
    });
    let chat = plain(&continuing);
    assert!(block_on(chat.probe()).unwrap().answer_prefix);
    choose(&chat, &prompt());
    let last = sent(&continuing)["messages"][1].clone();
    assert_eq!(
        last,
        json!({"role": "assistant", "content": "The quality is"})
    );
}

#[test]
fn tokens_and_prices_are_counted() {
    let server = listing(fine());
    let chat = chat(&server.url("/v1"), |options| {
        options.flavour = Some(Flavour::Other);
        options.prices = Some(Prices {
            input: 2.0,
            output: 10.0,
        });
    });
    block_on(chat.probe()).unwrap();
    let probed = chat.spent().unwrap();
    choose(&chat, &rate());
    let spent = chat.spent().unwrap();
    assert_eq!(spent.requests, probed.requests + 1);
    assert_eq!(spent.input_tokens, probed.input_tokens + 100);
    assert_eq!(spent.output_tokens, probed.output_tokens + 2);
    let cost = spent.cost.unwrap() - probed.cost.unwrap();
    assert!((cost - 220e-6).abs() < 1e-12, "{cost}");
}

#[test]
fn text_is_drawn_with_the_seed_of_its_repeat() {
    let server = listing(reply(&[written("<think>hm</think> Sharp, but noisy. ")]));
    let sampling = Sampling {
        temperature: 0.5,
        top_p: 0.9,
        most_tokens: 77,
        ..Sampling::default()
    };
    let mut reading = next(&[Readout::ParsedText]);
    reading.sampling = sampling;
    let prompt = Prompt::new(vec![Part::Text("Rate it.".into())], Wanted::Text).unwrap();
    let answer = ask(
        &plain(&server),
        &prompt.with_reading(reading).with_repeat(3),
    );
    assert_eq!(answer, Ok(Answer::Text("Sharp, but noisy.".into())));
    let sent = sent(&server);
    assert_eq!(
        [
            &sent["seed"],
            &sent["temperature"],
            &sent["top_p"],
            &sent["max_tokens"]
        ],
        [&json!(3), &json!(0.5), &json!(0.9), &json!(77)]
    );
}

/// A server that speaks as vLLM does: ids of words by a table, tokens listed by id, prompts with log-probabilities.
fn vllm(asked: &Asked) -> Play {
    if asked.method == "GET" {
        return Play::json(&json!({"data": [{"id": "m", "owned_by": "vllm"}]}));
    }
    let body = asked.json();
    if asked.path == "/tokenize" {
        let ids: &[u32] = match body["prompt"].as_str().unwrap() {
            "yes" => &[1],
            "zebra" => &[2],
            "good" => &[11],
            " good" => &[12],
            "poor" => &[21],
            "very good" => &[11, 30],
            _ => &[7, 8],
        };
        return Play::json(&json!({"tokens": ids, "count": ids.len()}));
    }
    let last = body["messages"].as_array().unwrap().last().unwrap().clone();
    if body.get("prompt_logprobs").is_some() {
        let step = |id: u32, p: f64| json!({id.to_string(): {"logprob": p.ln(), "rank": 1}});
        let mut steps = vec![Value::Null, step(5, 0.9)];
        match last["content"].as_str() {
            Some("poor") => steps.push(step(21, 0.25)),
            Some("very good") => steps.extend([step(11, 0.5), step(30, 0.5)]),
            _ => steps.push(step(9, 0.5)),
        }
        return Play::json(&json!({"choices": [written("x")], "prompt_logprobs": steps}));
    }
    let mass = |id: u64| match id {
        11 => 0.5,
        12 => 0.1,
        21 => 0.05,
        _ => 1e-7,
    };
    let ids = body["logprob_token_ids"]
        .as_array()
        .cloned()
        .unwrap_or(vec![json!(99)]);
    let tokens: Vec<Value> = ids
        .iter()
        .map(|id| {
            token(
                &format!("token_id:{id}"),
                f64::ln(mass(id.as_u64().unwrap())),
            )
        })
        .collect();
    reply(&[listed("good", &tokens)])
}

#[test]
fn vllm_lists_label_tokens_by_id_and_forces_longer_labels() {
    let server = Scripted::start(vllm);
    let chat = chat(&server.url("/v1"), |_| {});
    let abilities = block_on(chat.probe()).unwrap();
    assert_eq!(chat.flavour(), Some(Flavour::Vllm));
    assert_eq!(abilities.readouts, Readout::LADDER);
    let choice = choose(&chat, &rate());
    assert_eq!(choice.readout(), Readout::LabelTokens);
    assert!(!choice.is_censored());
    for (mass, expected) in choice.log_mass().iter().zip([0.6f64, 0.05]) {
        assert!((mass - expected.ln()).abs() < 1e-12, "{mass}");
    }
    let longer = question([1, 2, 3], "Rate it.", &["very good", "poor"]);
    let forced = only(
        &[Readout::ForcedSequence],
        opine::judging::AnswerPlace::Next,
        LengthCorrection::Sum,
    );
    let choice = choose(&chat, &longer.with_reading(forced));
    assert_eq!(choice.readout(), Readout::ForcedSequence);
    for mass in choice.log_mass() {
        assert!((mass - 0.25f64.ln()).abs() < 1e-12, "{mass}");
    }
    let body = sent(&server);
    assert_eq!(body["continue_final_message"], true);
    assert_eq!(body["add_generation_prompt"], false);
}

#[test]
fn findings_say_what_would_be_wrong() {
    // It answers alike whatever it is shown.
    let server = listing(fine());
    let findings = block_on(plain(&server).examine(&rate()));
    let of = |subject: &str| {
        findings
            .iter()
            .find(|found| found.subject == subject)
            .unwrap()
    };
    assert!(of("server").holds && of("readout").holds && of("log_probabilities").holds);
    assert!(!of("image_seen").holds, "{:?}", of("image_seen"));
    let nobody = chat(&crate::support::scripted::nobody(), |_| {});
    let findings = block_on(nobody.examine(&rate()));
    assert!(
        findings
            .iter()
            .any(|found| found.subject == "server" && !found.holds)
    );
}
