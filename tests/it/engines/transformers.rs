//! `transformers serve` 5.23.0 behind the `systemone` backend, with a tiny random model that takes images.

use std::path::Path;
use std::process::Command;

use opine::backend::Backend;
use opine::backend::chat::{Chat, ChatOptions};
use opine::backend::systemone::{ImageForm, QuestionForm, Systemone, SystemoneOptions};
use opine::judging::{Answer, Readout};
use opine::pixels::Limits;

use super::{Engine, free_ports, program};
use crate::remote::remote;
use crate::remote::systemone::question;

/// The server, with the model that tests/engines/transformers/make_model.py makes.
fn start(folder: &Path) -> Engine {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/transformers");
    let made = Command::new(program("transformers", "python"))
        .arg(source.join("make_model.py"))
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let [port] = free_ports();
    let mut command = Command::new(program("transformers", "transformers"));
    command
        .args(["serve", "--host", "127.0.0.1", "--device", "cpu", "--port"])
        .arg(port.to_string())
        .env("HF_HUB_OFFLINE", "1")
        .current_dir(folder);
    Engine::start(&mut command, port, "Uvicorn running on")
}

#[tokio::test]
async fn transformers_decides_about_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let options = SystemoneOptions {
        model: folder.path().to_str().unwrap().to_owned(),
        images: ImageForm::Assets,
        images_per_prompt: 1,
        question: QuestionForm::Choice,
        limits: Limits::default(),
    };
    let backend = Systemone::new(remote(server.url("/v1")), options);
    let levels = ["bad", "poor", "fair", "good"];
    let prompts = [
        question(0, &levels),
        question(255, &levels),
        question(0, &["yes", "no"]),
    ];
    let mut masses = Vec::new();
    for answer in backend.ask(&prompts).await {
        let Ok(Answer::Choice(choice)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(choice.readout(), Readout::TypedDecision);
        let sum: f64 = choice.log_mass().iter().map(|mass| mass.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        masses.push(choice.log_mass().to_vec());
    }
    // The picture was looked at: a black and a white one are not answered alike.
    assert_ne!(masses[0], masses[1]);
    assert!(backend.usage().input_tokens > 0);
}

/// Its chat API takes `logprobs` and leaves them out of the answer. Nothing says so but the answer.
#[tokio::test]
async fn that_it_ignores_log_probabilities_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let url = server.url("/v1");
    let model = folder.path().to_str().unwrap();
    let chat = Chat::new(remote(url.clone()), &url, ChatOptions::new(model));
    let abilities = chat.probe().await.unwrap();
    assert!(!abilities.log_probabilities, "{abilities:?}");
    let reads = |readout| abilities.readouts.contains(&readout);
    assert!(!reads(Readout::TopTokens) && !reads(Readout::LabelTokens));
    assert!(reads(Readout::Samples) && reads(Readout::ParsedText));
}
