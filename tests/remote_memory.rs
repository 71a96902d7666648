//! How much memory 512 questions at once take, measured on this process: the one test of its binary, so that no
//! other test's memory is counted.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

#[expect(dead_code, reason = "the other tests use the rest of it")]
#[path = "it/support/scripted.rs"]
mod scripted;

use futures::future::join_all;
use opine::backend::Backend;
use opine::backend::remote::{Remote, RemoteOptions};
use opine::backend::systemone::{ImageForm, QuestionForm, Systemone, SystemoneOptions};
use opine::judging::{AnswerOption, Image, Options, Part, Prompt, Wanted};
use opine::pixels::Limits;
use scripted::{Play, Scripted};
use serde_json::json;

const MEBI: u64 = 1 << 20;
const QUESTIONS: usize = 512;

/// A figure of `/proc/self/status`, in bytes.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    let kibi: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    1024 * kibi
}

/// A picture of 128 KB: what follows its end is sent with it.
fn image() -> Image {
    let name = format!("{}/tests/images/good/base.png", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = std::fs::read(name).unwrap();
    bytes.resize(1 << 17, 0);
    Image::new(bytes)
}

fn prompt(image: &Image, index: usize) -> Prompt {
    let option = |name: &str| AnswerOption::new(name, vec![]).unwrap();
    let options = Options::new(vec![option("good"), option("poor")]).unwrap();
    let parts = vec![
        Part::Image(image.clone()),
        Part::Text(format!("Number {index}?")),
    ];
    Prompt::new(parts, Wanted::Options(options)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_wait_hold_no_request() {
    let answer = json!({"answers": {"opinion": {"probabilities": {"good": 0.5, "poor": 0.5}}}});
    let server = Scripted::forgetful(move |_| Play::json(&answer));
    let mut options = RemoteOptions::new("engine", server.url("/v1"));
    options.concurrency = 8;
    let backend = Systemone::new(
        Remote::new(options).unwrap(),
        SystemoneOptions {
            model: "decider".into(),
            images: ImageForm::List,
            images_per_prompt: 1,
            question: QuestionForm::Choice,
            limits: Limits::default(),
        },
    );
    let image = image();
    let prompts: Vec<Prompt> = (0..QUESTIONS).map(|index| prompt(&image, index)).collect();
    // The first questions set up what the process needs anyway.
    let ask = async |prompts: &[Prompt]| {
        let asked = prompts
            .iter()
            .map(|prompt| backend.ask(std::slice::from_ref(prompt)));
        let answers = join_all(asked).await;
        assert!(
            answers.iter().flatten().all(Result::is_ok),
            "{:?}",
            answers[0]
        );
    };
    ask(&prompts[..8]).await;
    let before = status("VmHWM");
    ask(&prompts).await;
    let grown = status("VmHWM") - before;
    assert_eq!(server.count(), QUESTIONS + 8);
    // Eight requests of 175 KB at a time, on both sides. All 512 at once would be over 90 MB.
    assert!(grown < 40 * MEBI, "{} MB", grown / MEBI);
}
