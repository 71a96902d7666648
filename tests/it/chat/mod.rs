//! Models behind an OpenAI-compatible API: against a scripted server, and against llama.cpp itself.

mod command;
mod faults;
mod llama;
mod rungs;

use std::sync::LazyLock;

use opine::backend::BackendError;
use opine::backend::chat::{Chat, ChatOptions, Flavour};
use opine::backend::remote::{Remote, RemoteOptions};
use opine::judging::{
    Answer, AnswerOption, AnswerPlace, Choice, Image, LengthCorrection, Options, Part, Prompt,
    Reading, Readout, Sampling, Wanted,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

/// Connections belong to the runtime that opened them, so all tests share one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// A client for a server at this address.
pub(crate) fn chat(url: &str, change: impl FnOnce(&mut ChatOptions)) -> Chat {
    let mut remote = RemoteOptions::new("model", url);
    remote.concurrency = 4;
    remote.retries = 0;
    let mut options = ChatOptions::new("m");
    change(&mut options);
    Chat::new(Remote::new(remote).unwrap(), url, options)
}

/// A client for a scripted server of no particular kind.
fn plain(server: &Scripted) -> Chat {
    chat(&server.url("/v1"), |options| {
        options.flavour = Some(Flavour::Other);
    })
}

pub(crate) fn options(names: &[&str]) -> Options {
    let options = names
        .iter()
        .map(|name| AnswerOption::new(*name, vec![]).unwrap())
        .collect();
    Options::new(options).unwrap()
}

/// A question about a picture of one colour.
pub(crate) fn question(colour: [u8; 3], text: &str, names: &[&str]) -> Prompt {
    let image = Image::new(png::plain(64, 64, colour));
    let parts = vec![Part::Image(image), Part::Text(text.into())];
    Prompt::new(parts, Wanted::Options(options(names))).unwrap()
}

/// A question about a purple square on white ground, undamaged, as the tiny model learnt to see it.
pub(crate) fn scene(text: &str, wanted: Wanted) -> Prompt {
    let file = crate::support::app::fixtures("scenes").join("purple-square.png");
    let image = Image::new(std::fs::read(file).unwrap());
    Prompt::new(vec![Part::Image(image), Part::Text(text.into())], wanted).unwrap()
}

fn rate() -> Prompt {
    question([200, 100, 0], "Rate it.", &["good", "poor"])
}

/// A reading on these rungs only.
fn only(rungs: &[Readout], place: AnswerPlace, length: LengthCorrection) -> Reading {
    let sampling = Sampling {
        samples: 6,
        ..Sampling::default()
    };
    Reading::new(rungs.to_vec(), place, length, sampling).unwrap()
}

fn next(rungs: &[Readout]) -> Reading {
    only(rungs, AnswerPlace::Next, LengthCorrection::Sum)
}

fn ask(chat: &Chat, prompt: &Prompt) -> Result<Answer, BackendError> {
    use opine::backend::Backend as _;
    block_on(chat.ask(std::slice::from_ref(prompt))).remove(0)
}

fn choose(chat: &Chat, prompt: &Prompt) -> Choice {
    match ask(chat, prompt) {
        Ok(Answer::Choice(choice)) => choice,
        other => panic!("{other:?}"),
    }
}

fn kind(answer: &Result<Answer, BackendError>) -> &'static str {
    match answer {
        Ok(Answer::Choice(_)) => "choice",
        Ok(Answer::Value(_)) => "value",
        Ok(Answer::Text(_)) => "text",
        Err(BackendError::Image { .. }) => "image",
        Err(BackendError::CannotAnswer { .. }) => "cannot answer",
        Err(BackendError::NotFinite { .. }) => "not finite",
        Err(BackendError::Refused { .. }) => "refused",
        Err(BackendError::Unreadable { .. }) => "unreadable",
        Err(BackendError::NoCoverage { .. }) => "no coverage",
        Err(BackendError::Failed { .. }) => "failed",
        Err(_) => "other",
    }
}

/// One token as the API lists it.
fn token(text: &str, log_probability: f64) -> Value {
    json!({"token": text, "bytes": text.as_bytes(), "logprob": log_probability})
}

/// A choice of one written token with these alternatives.
fn listed(content: &str, tokens: &[Value]) -> Value {
    let mut place = tokens[0].clone();
    place["top_logprobs"] = json!(tokens);
    json!({"index": 0, "finish_reason": "length", "logprobs": {"content": [place]},
        "message": {"role": "assistant", "content": content}})
}

fn written(content: &str) -> Value {
    json!({"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": content}})
}

fn reply(choices: &[Value]) -> Play {
    Play::json(&json!({"object": "chat.completion", "choices": choices,
        "usage": {"prompt_tokens": 100, "completion_tokens": 2}}))
}

/// Whether a request asks what [`rate`] asks, and does not probe.
fn asks(asked: &Asked) -> bool {
    String::from_utf8_lossy(&asked.body).contains("Rate it.")
}

/// A server that lists as many tokens as it is asked for when it is probed, and plays this when it is asked.
fn listing(play: Play) -> Scripted {
    Scripted::start(move |asked| {
        if asks(asked) {
            return play.clone();
        }
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": [{"id": "m", "owned_by": "someone"}]}));
        }
        let top = asked.json()["top_logprobs"].as_u64().unwrap_or(0);
        let tokens: Vec<Value> = (0..top.max(1))
            .map(|index| token(&format!("word{index}"), -3.0 - index as f64))
            .collect();
        reply(&[listed("word0", &tokens)])
    })
}
