//! Folders that are not what they should be, and prompts that a model cannot be asked: each ends in an error
//! that names the file and what would help.

use std::fs;
use std::path::{Path, PathBuf};

use opine::assemble::AssembleError;
use opine::backend::BackendError;
use opine::backend::onnx::{FolderError, OpenError};
use opine::engine::BackendState;
use opine::judging::{Prompt, Wanted};
use serde_json::{Value, json};

use crate::support::app::config;
use crate::support::local::{ask, export, options, prompt, ready, state, table};
use crate::support::png;

/// A copy of an export that may be spoilt.
pub(crate) fn copied(name: &str, into: &Path) -> PathBuf {
    let target = into.join(name);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(target.join(&folder)).unwrap();
        for entry in fs::read_dir(export(name).join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), target.join(path)).unwrap();
            }
        }
    }
    target
}

/// A change to a copy.
enum Spoil {
    Remove(&'static [&'static str]),
    Write(&'static str, &'static str),
    Set(&'static str, &'static str, Value),
    Swap(&'static str, &'static str),
}

fn spoilt(name: &str, spoil: &Spoil, into: &Path) -> PathBuf {
    let folder = copied(name, into);
    match spoil {
        Spoil::Remove(files) => files
            .iter()
            .for_each(|file| fs::remove_file(folder.join(file)).unwrap()),
        Spoil::Write(file, text) => fs::write(folder.join(file), text).unwrap(),
        Spoil::Set(file, key, value) => {
            let path = folder.join(file);
            let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            json[key] = value.clone();
            fs::write(path, json.to_string()).unwrap();
        }
        Spoil::Swap(file, other) => {
            fs::copy(folder.join(other), folder.join(file)).unwrap();
        }
    }
    folder
}

fn open_error(table: &str) -> OpenError {
    match state(table) {
        Err(AssembleError::BackendModel { backend, error }) => {
            assert_eq!(backend, "local");
            error
        }
        other => panic!("{other:?}"),
    }
}

const DECODER: &str = "onnx/decoder_model_merged_fp16.onnx";
const EMBED: &str = "onnx/embed_tokens_fp16.onnx";
const VISION: &str = "onnx/vision_encoder_fp16.onnx";

#[test]
fn a_spoilt_language_model_is_refused_by_the_name_of_its_file() {
    let cases: Vec<(Spoil, &str, &[&str])> = vec![
        (
            Spoil::Remove(&["tokenizer.json"]),
            "missing",
            &["tokenizer.json"],
        ),
        (
            Spoil::Remove(&["tokenizer.json", DECODER, "config.json"]),
            "missing",
            &["tokenizer.json", DECODER, "config.json", "Hugging Face"],
        ),
        (
            Spoil::Remove(&["tokenizer_config.json"]),
            "missing",
            &["chat_template.jinja"],
        ),
        (
            Spoil::Write("tokenizer.json", "{}"),
            "malformed",
            &["tokenizer.json"],
        ),
        (
            Spoil::Write("tokenizer.json", "\u{0}"),
            "malformed",
            &["tokenizer.json"],
        ),
        (
            Spoil::Write("config.json", "[]"),
            "malformed",
            &["config.json"],
        ),
        (Spoil::Write(DECODER, "no graph"), "malformed", &[DECODER]),
        (
            Spoil::Write("chat_template.jinja", "{% for %}"),
            "malformed",
            &["chat_template.jinja"],
        ),
        (
            Spoil::Set("config.json", "model_type", json!("sphinx")),
            "not understood",
            &["config.json", "`sphinx`", "`llava`"],
        ),
        (
            Spoil::Set("config.json", "image_token_id", json!(9999)),
            "not understood",
            &["config.json", "tokenizer.json", "9999"],
        ),
        (
            Spoil::Set("config.json", "image_token_id", Value::Null),
            "not understood",
            &["config.json", "`image_token_index`"],
        ),
        (
            Spoil::Set(
                "config.json",
                "vision_feature_select_strategy",
                json!("odd"),
            ),
            "not understood",
            &["config.json", "`odd`"],
        ),
        (
            Spoil::Set(
                "preprocessor_config.json",
                "do_image_splitting",
                json!(true),
            ),
            "not understood",
            &["preprocessor_config.json", "`do_image_splitting`"],
        ),
        (
            Spoil::Swap(DECODER, EMBED),
            "not understood",
            &[DECODER, "`inputs_embeds`"],
        ),
        (
            Spoil::Swap(VISION, DECODER),
            "not understood",
            &[VISION, "`pixel_values`"],
        ),
        (
            Spoil::Swap(EMBED, VISION),
            "not understood",
            &[EMBED, "`input_ids`"],
        ),
    ];
    for (spoil, kind, named) in cases {
        let into = tempfile::tempdir().unwrap();
        let folder = spoilt("half-language", &spoil, into.path());
        let error = open_error(&table("onnx-language", &folder, "variant = \"fp16\""));
        let OpenError::Folder(fault) = &error else {
            panic!("{error:?}");
        };
        let found = match fault {
            FolderError::Missing { .. } => "missing",
            FolderError::Malformed { .. } => "malformed",
            FolderError::NotUnderstood { .. } => "not understood",
            FolderError::NoFolder { .. } | FolderError::Unreadable { .. } => "not there",
        };
        assert_eq!(found, kind, "{error}");
        for name in named {
            assert!(error.to_string().contains(name), "`{name}` in: {error}");
        }
    }
}

fn picture() -> Vec<u8> {
    png::plain(48, 40, [250, 250, 250])
}

fn question() -> Prompt {
    prompt(&picture(), "how is it ?", options(&["good", "poor"]))
}

#[test]
fn a_template_that_loses_the_picture_or_raises_is_told_at_the_question() {
    let cases = [
        (
            "{{ messages[0]['role'] }} : how",
            "0 image tokens for 1 images",
        ),
        (
            "{{ messages[0]['content'] }} <image>",
            "2 image tokens for 1 images",
        ),
        ("{{ raise_exception('text only') }}", "text only"),
        ("{{ messages[7]['content']['text'] }}", "refused the prompt"),
    ];
    for (template, named) in cases {
        let into = tempfile::tempdir().unwrap();
        let spoil = Spoil::Write("chat_template.jinja", template);
        let folder = spoilt("half-language", &spoil, into.path());
        let backend = ready(&table("onnx-language", &folder, "variant = \"fp16\""));
        let Err(BackendError::CannotAnswer { message, .. }) = ask(backend.as_ref(), &question())
        else {
            panic!("{template}");
        };
        assert!(
            message.contains(named) && message.contains("chat_template.jinja"),
            "{message}"
        );
    }
}

#[test]
fn files_of_two_models_are_told_apart() {
    let into = tempfile::tempdir().unwrap();
    let spoil = Spoil::Set(
        "config.json",
        "vision_config",
        json!({"image_size": 8, "patch_size": 2}),
    );
    let folder = spoilt("half-language", &spoil, into.path());
    let backend = ready(&table("onnx-language", &folder, "variant = \"fp16\""));
    let Err(BackendError::Failed { message }) = ask(backend.as_ref(), &question()) else {
        panic!("five features are not sixteen");
    };
    assert!(message.contains("config.json"), "{message}");
}

#[test]
fn what_a_language_model_cannot_be_asked_is_named() {
    let backend = ready(&table(
        "onnx-language",
        &export("half-language"),
        "variant = \"fp16\"",
    ));
    let long = "how is it ? ".repeat(20);
    let ask_text = |text: &str| prompt(&picture(), text, options(&["good", "poor"]));
    let cases = [
        (
            prompt(&picture(), "how is it ?", options(&["unheard-of", "poor"])),
            "`unheard-of`",
        ),
        (ask_text("good </s> assistant : good"), "`</s>`"),
        (ask_text("two <image>"), "`<image>`"),
        (question().with_system(Some("<s>".into())), "`<s>`"),
        (
            question().with_answer_prefix(Some("<image>".into())),
            "`<image>`",
        ),
        (ask_text(&long), "made for 64"),
        (prompt(&picture(), "how ?", Wanted::Value), "number"),
    ];
    for (prompt, named) in cases {
        let Err(BackendError::CannotAnswer { message, .. }) = ask(backend.as_ref(), &prompt) else {
            panic!("{named}");
        };
        assert!(message.contains(named), "{named}: {message}");
    }
}

#[test]
fn spoilt_encoders_and_reward_models_are_refused_by_the_name_of_their_file() {
    let sigmoid = "value = { kind = \"sigmoid\" }";
    let cases: Vec<(&str, &str, Spoil, &str, &[&str])> = vec![
        (
            "onnx-dual-encoder",
            "clip",
            Spoil::Remove(&["onnx/model.onnx"]),
            "",
            &["vision_model.onnx", "model.onnx"],
        ),
        (
            "onnx-dual-encoder",
            "clip-towers",
            Spoil::Remove(&["head.onnx"]),
            "",
            &["`logit_scale`", "vision_model.onnx"],
        ),
        (
            "onnx-dual-encoder",
            "clip",
            Spoil::Set("config.json", "model_type", json!("align")),
            "",
            &["config.json", "`align`"],
        ),
        (
            "onnx-dual-encoder",
            "siglip",
            Spoil::Write("tokenizer_config.json", "{\"model_max_length\": 8}"),
            sigmoid,
            &["tokenizer_config.json", "`pad_token`"],
        ),
        (
            "onnx-dual-encoder",
            "clip",
            Spoil::Set("preprocessor_config.json", "do_flip", json!(true)),
            "",
            &["preprocessor_config.json", "`do_flip`"],
        ),
        (
            "onnx-scalar",
            "caption-reward",
            Spoil::Remove(&["tokenizer.json"]),
            "",
            &["tokenizer.json"],
        ),
        (
            "onnx-scalar",
            "reward",
            Spoil::Write("onnx/model.onnx", ""),
            "",
            &["model.onnx"],
        ),
        (
            "onnx-scalar",
            "reward",
            Spoil::Set("preprocessor_config.json", "resample", json!(2)),
            "output = \"reward\"",
            &["`reward`", "score"],
        ),
    ];
    for (kind, name, spoil, more, named) in cases {
        let into = tempfile::tempdir().unwrap();
        let folder = spoilt(name, &spoil, into.path());
        let error = open_error(&table(kind, &folder, more)).to_string();
        for name in named {
            assert!(error.contains(name), "`{name}` in: {error}");
        }
    }
}

#[test]
fn a_caption_that_is_too_long_is_refused_unless_it_may_be_cut() {
    let long = "a photo of a very very very sharp cat";
    let asked = prompt(&picture(), long, Wanted::Value);
    let folder = export("caption-reward");
    let strict = ready(&table("onnx-scalar", &folder, ""));
    let Err(BackendError::CannotAnswer { message, .. }) = ask(strict.as_ref(), &asked) else {
        panic!("eleven tokens are more than nine");
    };
    assert!(
        message.contains("11 tokens") && message.contains("`truncate = true`"),
        "{message}"
    );
    let lenient = ready(&table("onnx-scalar", &folder, "truncate = true"));
    assert!(ask(lenient.as_ref(), &asked).is_ok());
    let silent = prompt(&picture(), "", Wanted::Value);
    assert!(matches!(
        ask(strict.as_ref(), &silent),
        Err(BackendError::CannotAnswer { .. })
    ));
}

#[test]
fn what_is_merely_missing_makes_a_backend_unavailable() {
    let nowhere = table("onnx-language", Path::new("no-such-folder"), "");
    let BackendState::Unavailable { remedy } = state(&nowhere).unwrap() else {
        panic!("there is no such folder");
    };
    assert!(remedy.contains("no-such-folder"), "{remedy}");
    let mut config = config();
    config.onnxruntime.path = Some(PathBuf::from("no-such-library.so"));
    let here = table("onnx-scalar", &export("reward"), "");
    config
        .backends
        .insert("local".into(), toml::from_str(&here).unwrap());
    let engine = opine::assemble::assemble(&config).unwrap();
    let judges = engine.judges();
    let (_, state) = judges.backends().next().unwrap();
    let BackendState::Unavailable { remedy } = state else {
        panic!("{state:?}");
    };
    assert!(remedy.contains("no-such-library.so"), "{remedy}");
}
