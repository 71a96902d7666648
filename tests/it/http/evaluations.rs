//! `POST /v1/evaluate`: every stage from a written text to an explained score, with an engine that says what a test tells it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp};
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

const EXTRACTION: &str = "# Structure Information\n## Intrinsic Attributes\n### fox\n- attribute 1: color: red\n\
    # Questions\n## Appearance Quality Questions\n### fox\n- question1: Does the fox look real?\n\
    ## Intrinsic Attribute Consistency Questions\n### fox\n- question1: What color is the fox?";

/// What the engine says to each stage; `failing` never writes a score.
fn said(asked: &str, failing: bool) -> String {
    let has = |words: &str| asked.contains(words);
    if has("Word-wise Scores") {
        let words =
            r#"Word-wise Scores: [["a", 0], ["red", 2.4], ["fox", 0.1], ["[No_mistakes]", 1.5]]"#;
        let words = if failing {
            "Word-wise Scores: [[\"a\", 0"
        } else {
            words
        };
        format!(
            "{words}\n\nAlignment Score (1-5): 2\nCoherence Score (1-5): 4.5\nStyle Score (1-5): 4"
        )
    } else if has("one line of four") {
        "8 1 N/A 3".to_owned()
    } else if has("Take the text apart, so that") {
        EXTRACTION.to_owned()
    } else if has("one thing on each line") {
        "1 | entity - whole (fox)\n2 | attribute - color (fox, red)".to_owned()
    } else if has("which others must be there") {
        "1 | 0\n2 | 1".to_owned()
    } else if has("as `id | question`") {
        "1 | Is there a fox?\n2 | Is the fox red?".to_owned()
    } else if has("Answer with the number only") {
        "7".to_owned()
    } else if has("- answer: (answer)") {
        "# Answer\n- answer: it is blue".to_owned()
    } else if has("# Evaluation") && !failing {
        "# Evaluation\n- explanation: blue is not red\n- score: 1".to_owned()
    } else if has("- explanation: ") && !failing {
        "# Answer\n- explanation: it looks real\n- score: 8".to_owned()
    } else {
        "no".to_owned()
    }
}

fn engine(failing: bool) -> Scripted {
    Scripted::start(move |asked: &Asked| {
        if asked.method == "GET" {
            return Play::status(404, "not here");
        }
        let body = String::from_utf8(asked.body.clone()).unwrap();
        Play::json(&json!({
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said(&body, failing)}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        }))
    })
}

fn service(engine: &Scripted, more: &str) -> TestApp {
    let table = format!(
        "kind = \"chat\"\nurl = \"{}\"\nmodel = \"m\"\nflavour = \"other\"\nretries = 0\n{more}",
        engine.url("/v1")
    );
    TestApp::with(|config| {
        config
            .backends
            .insert("said".into(), toml::from_str(&table).unwrap());
    })
}

/// The request of these settings over one picture made from `a red fox`.
fn request(more: &Value) -> Value {
    let mut body = json!({
        "judge": "choose@said",
        "prompt": "a red fox",
        "images": [{"id": "fox", "base64": BASE64_STANDARD.encode(png::gray(90))}],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn post(app: &TestApp, accept: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    app.send(
        "POST",
        "/v1/evaluate",
        &headers,
        body.to_string().as_bytes(),
    )
}

fn result(app: &TestApp, more: &Value) -> Value {
    let reply = post(app, "application/json", &request(more));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["results"][0].clone()
}

#[test]
fn a_text_becomes_explained_scores_stage_by_stage() {
    let engine = engine(false);
    let app = service(&engine, "price = { input = 1.0, output = 10.0 }");
    let one = json!({"method": "t2i-eval", "writer": "write@said", "stages": "one"});
    let found = result(&app, &one);
    assert_eq!(found["status"], "scored", "{found}");
    assert_eq!(found["score"], 4.5);
    assert_eq!(found["aspects"]["intrinsic"]["score"], 1.0);
    assert_eq!(found["aspects"]["relationship"]["score"], Value::Null);
    assert_eq!(found["wrong"], json!(["intrinsic-1"]));
    assert_eq!(found["questions"][1]["answer"], "it is blue");
    assert_eq!(found["questions"][1]["explanation"], "blue is not red");
    assert_eq!(found["questions"][1]["readout"], "parsed_text");
    assert_eq!(found["writer"]["judge"], "write");
    // One extraction, two answers, one evaluation.
    assert_eq!(found["used"]["questions"], 4);
    assert_eq!(found["used"]["tokens"]["output"].as_u64().unwrap() % 10, 0);
    assert!(
        found["used"]["cost"].as_f64().unwrap() > 4.0 * 200e-6 - 1e-12,
        "{found}"
    );
    let two = json!({"method": "t2i-eval", "writer": "write@said", "stages": "two"});
    let found = result(&app, &two);
    assert_eq!(
        (&found["score"], &found["stages"]),
        (&json!(7.0), &json!("two")),
        "{found}"
    );
    let joint = json!({"method": "t2i-eval", "writer": "write@said", "stages": "one", "aggregation": "model-joint"});
    assert_eq!(result(&app, &joint)["score"], 3.0);
}

#[test]
fn questions_are_written_and_asked() {
    let engine = engine(false);
    let app = service(&engine, "");
    let found = result(&app, &json!({"method": "dsg", "writer": "write@said"}));
    assert_eq!(
        found["questions"][1]["question"], "Is the fox red?",
        "{found}"
    );
    assert_eq!(found["wrong"].as_array().unwrap().len(), 2, "{found}");
    assert_eq!(found["writer"]["backend"], "said");
    // What the writer cannot be brought to write is no score.
    let found = result(
        &app,
        &json!({"method": "mean", "generate": "tifa", "writer": "write@said", "retries": 1}),
    );
    assert_eq!(
        (&found["status"], &found["score"]),
        (&json!("unscored"), &Value::Null)
    );
    assert_eq!(found["reason"], "unparsed");
    assert!(
        found["detail"].as_str().unwrap().starts_with("questions: "),
        "{found}"
    );
    assert_eq!(found["used"]["questions"], 2);
}

#[test]
fn the_stages_are_streamed_as_they_end() {
    let engine = engine(true);
    let app = service(&engine, "");
    let body = request(
        &json!({"method": "t2i-eval", "writer": "write@said", "stages": "one", "retries": 1}),
    );
    let reply = post(&app, "application/jsonl", &body);
    let lines = reply.lines();
    let stages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["stage"].as_str())
        .collect();
    // The look of the fox is asked about twice, its color once, for the first failure ends it.
    assert_eq!(stages, ["extract", "answer", "answer", "answer", "done"]);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["event"], &last["status"]),
        (&json!("result"), &json!("unscored"))
    );
    assert_eq!(last["reason"], "unparsed");
    assert!(
        last["detail"]
            .as_str()
            .unwrap()
            .starts_with("answer, `appearance-1`"),
        "{last}"
    );

    let reply = post(&app, "text/event-stream", &body);
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    let text = String::from_utf8(reply.body).unwrap();
    assert!(
        text.starts_with("event: stage\ndata: {\"event\":\"stage\""),
        "{text}"
    );
    assert!(
        text.contains("event: result\n") && text.ends_with("\n\n"),
        "{text}"
    );
}

#[test]
fn a_budget_ends_with_its_name_and_never_with_half_a_score() {
    let engine = engine(false);
    let app = service(&engine, "price = { input = 1.0, output = 10.0 }");
    let by = |name: &str, value: f64| {
        result(
            &app,
            &json!({"method": "t2i-eval", "writer": "write@said", "stages": "one", name: value}),
        )
    };
    // Questions first: what is remembered afterwards costs neither tokens nor money.
    let found = by("budget_questions", 3.0);
    assert_eq!(
        (&found["reason"], &found["score"]),
        (&json!("budget"), &Value::Null),
        "{found}"
    );
    assert!(
        found["detail"]
            .as_str()
            .unwrap()
            .contains("the budget of 3 questions is spent"),
        "{found}"
    );
    assert_eq!(found["used"]["questions"], 3);
    let fresh = |more: &Value| {
        result(
            &service(&engine, "price = { input = 1.0, output = 10.0 }"),
            more,
        )
    };
    for (name, value) in [("budget_tokens", 150.0), ("budget_money", 300e-6)] {
        let found = fresh(
            &json!({"method": "t2i-eval", "writer": "write@said", "stages": "one", name: value}),
        );
        assert_eq!(found["reason"], "budget", "{found}");
        assert_eq!(found["score"], Value::Null);
        assert!(
            found["used"]["tokens"]["input"].as_u64().unwrap() < 500,
            "{found}"
        );
    }
    // A checklist that was cut short is no smaller checklist.
    let questions = json!({"questions": [{"question": "a?"}, {"question": "b?"}]});
    let found =
        fresh(&json!({"questions": questions, "missing": "left-out", "budget_questions": 1}));
    assert_eq!(
        (&found["reason"], &found["score"]),
        (&json!("budget"), &Value::Null),
        "{found}"
    );
}

#[test]
fn what_cannot_be_evaluated_is_refused_by_name() {
    let engine = engine(false);
    let app = service(&engine, "");
    let circle = json!({"questions": [{"id": "1", "question": "a?", "parents": ["2"]}, {"id": "2", "question": "b?", "parents": ["1"]}]});
    let colliding =
        json!({"questions": [{"id": "1", "question": "a?"}, {"id": "1", "question": "b?"}]});
    for (more, pointer, part) in [
        (json!({}), "/method", "must be named"),
        (json!({"method": "best"}), "/method", "is one of"),
        (json!({"method": "t2i-eval"}), "/writer", "must be given"),
        (
            json!({"method": "t2i-eval", "writer": "write@said", "stages": "three"}),
            "/stages",
            "`one` or `two`",
        ),
        (
            json!({"method": "t2i-eval", "writer": "write@said", "weights": "1,1,1"}),
            "/weights",
            "weighted",
        ),
        (
            json!({"method": "t2i-eval", "writer": "write@said", "missing": "left-out"}),
            "/missing",
            "`unscored` or `mean` of `t2i-eval`",
        ),
        (
            json!({"method": "t2i-eval", "writer": "write@said", "missing": "mean", "aggregation": "model"}),
            "/missing",
            "a judge sums up",
        ),
        (
            json!({"method": "t2i-eval", "writer": "write@said", "counts": "verdict"}),
            "/counts",
            "no setting of `t2i-eval`",
        ),
        (
            json!({"method": "vqascore", "missing": "mean"}),
            "/missing",
            "no setting of `vqascore`",
        ),
        (
            json!({"method": "dsg", "writer": "write@said", "missing": "mean"}),
            "/missing",
            "of a checklist",
        ),
        (
            json!({"method": "t2i-eval", "extraction": {"questions": []}}),
            "/extraction",
            "no question",
        ),
        (json!({"questions": circle}), "/questions", "1 -> 2 -> 1"),
        (json!({"questions": colliding}), "/questions", "the id `1`"),
        (
            json!({"questions": circle, "extraction": "x", "method": "dsg"}),
            "/extraction",
            "no setting of `dsg`",
        ),
        (
            json!({"method": "dsg", "writer": "write@said", "prompt": " "}),
            "/prompt",
            "is empty",
        ),
        (
            json!({"method": "dsg", "writer": "write@said", "prompt": "x".repeat(20_001)}),
            "/prompt",
            "20000",
        ),
        (
            json!({"method": "dsg", "writer": "choose@said"}),
            "",
            "shows none",
        ),
        (
            json!({"method": "viescore", "judge": "viescore-sc-edit@said"}),
            "/source",
            "two pictures",
        ),
    ] {
        let reply = post(&app, "application/json", &request(&more));
        assert_eq!(reply.status, 422, "{more}: {reply:?}");
        let problem = reply.json();
        assert_eq!(
            problem["pointer"].as_str().unwrap_or_default(),
            pointer,
            "{problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains(part),
            "{problem}"
        );
    }
    // The longest text that is allowed goes all the way.
    let long = result(
        &app,
        &json!({"method": "dsg", "writer": "write@said", "prompt": "x".repeat(20_000)}),
    );
    assert_eq!(long["status"], "scored", "{long}");
    // A picture that is none is its own result.
    let broken = json!({"method": "dsg", "writer": "write@said", "images": [{"base64": "*"}]});
    assert_eq!(result(&app, &broken)["reason"], "image_base64");
}

#[test]
fn a_job_evaluates_each_item_by_its_own_text() {
    let engine = engine(false);
    let folder = tempfile::tempdir().unwrap();
    let table = format!(
        "kind = \"chat\"\nurl = \"{}\"\nmodel = \"m\"\nflavour = \"other\"\nretries = 0",
        engine.url("/v1")
    );
    let app = TestApp::with(|config| {
        config
            .backends
            .insert("said".into(), toml::from_str(&table).unwrap());
        config.data.folder = Some(folder.path().to_owned());
    });
    let picture = BASE64_STANDARD.encode(png::gray(90));
    let lines = format!(
        "{}\n{}\n",
        json!({"id": "fox", "base64": picture, "texts": {"prompt": "a red fox"}}),
        json!({"id": "none", "base64": picture}),
    );
    let query = "operation=evaluate&judge=choose@said&method=t2i-eval&writer=write@said&stages=one";
    let headers = [("content-type", "application/jsonl")];
    let reply = app.send(
        "POST",
        &format!("/v1/jobs?{query}"),
        &headers,
        lines.as_bytes(),
    );
    assert_eq!(reply.status, 202, "{reply:?}");
    let job = format!("/v1/jobs/{}", reply.json()["id"].as_str().unwrap());
    // The stream of events ends when the job rests.
    app.get(&format!("{job}/events"));
    let mut results = app.get(&format!("{job}/results")).lines();
    results.sort_by_key(|line| line["line"].as_u64());
    assert_eq!(results[0]["result"]["score"], 4.5, "{}", results[0]);
    assert_eq!(results[1]["reason"], "missing_prompt", "{}", results[1]);
}

#[test]
fn one_answer_gives_three_axes_and_a_score_for_every_word() {
    let engine = engine(false);
    let app = service(&engine, "");
    let by = |more: Value| {
        let mut body =
            json!({"method": "unified-reward", "judge": "unified-reward-alignment@said"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let found = result(&app, &by(json!({})));
    assert_eq!(found["score"], 3.5, "{found}");
    assert_eq!(found["axes"][1]["axis"], "coherence");
    assert_eq!(found["axes"][1]["score"], 4.5);
    let words = &found["words"];
    assert_eq!(words["status"], "scored");
    assert_eq!(words["scores"][1], json!({"word": "red", "score": 2.4}));
    assert_eq!(words["no_mistakes"], 1.5);
    assert_eq!(
        (&words["unlisted"], &words["foreign"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(found["used"]["questions"], 1);
    for (more, score) in [
        (json!({"aggregation": "min"}), 2.0),
        (
            json!({"aggregation": "weighted", "weights": "3,1,0"}),
            2.625,
        ),
    ] {
        assert_eq!(result(&app, &by(more))["score"], score);
    }
    let other = result(&app, &by(json!({"prompt": "a blue fox"})));
    assert_eq!(other["words"]["unlisted"], json!(["blue"]));
    assert_eq!(other["words"]["foreign"], json!(["red"]));
    for (more, pointer) in [
        (json!({"aggregation": "model"}), "/aggregation"),
        (json!({"judge": "viescore-sc@said"}), ""),
        (json!({"prompt": " "}), "/prompt"),
    ] {
        let reply = post(&app, "application/json", &request(&by(more)));
        assert_eq!(reply.status, 422, "{reply:?}");
        let problem = reply.json();
        assert_eq!(
            problem["pointer"].as_str().unwrap_or_default(),
            pointer,
            "{problem}"
        );
    }
    let reply = post(&app, "application/jsonl", &request(&by(json!({}))));
    let lines = reply.lines();
    let stages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["stage"].as_str())
        .collect();
    assert_eq!(stages, ["score", "score", "score", "words"]);
    assert_eq!(lines[3]["text"], "red 2.4, fox 0.1, a 0");
}

#[test]
fn words_that_cannot_be_read_are_said_and_take_no_part_in_the_score() {
    let engine = engine(true);
    let app = service(&engine, "");
    let found = result(
        &app,
        &json!({"method": "unified-reward", "judge": "unified-reward-style@said"}),
    );
    assert_eq!(
        (&found["status"], &found["score"]),
        (&json!("scored"), &json!(3.5))
    );
    let words = &found["words"];
    assert_eq!(
        (&words["status"], &words["reason"]),
        (&json!("unscored"), &json!("unparsed"))
    );
    assert!(
        words["detail"]
            .as_str()
            .unwrap()
            .contains("where `]` was expected"),
        "{words}"
    );
    assert_eq!(words["scores"], json!([]));
    // An axis that cannot be read leaves no mean of the others.
    let silent = Scripted::start(|asked: &Asked| {
        if asked.method == "GET" {
            return Play::status(404, "not here");
        }
        let text = "Alignment Score (1-5): 4\nCoherence Score (1-5): 9\nStyle Score (1-5): 4";
        Play::json(&json!({
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        }))
    });
    let found = result(
        &service(&silent, ""),
        &json!({"method": "unified-reward", "judge": "unified-reward-alignment@said"}),
    );
    assert_eq!(
        (&found["status"], &found["score"]),
        (&json!("unscored"), &Value::Null)
    );
    assert!(
        found["detail"].as_str().unwrap().starts_with("coherence: "),
        "{found}"
    );
    assert_eq!(found["axes"][0]["score"], 4.0);
    assert_eq!(found["axes"][1]["reason"], "unparsed");
}

#[test]
fn a_job_judges_edits_by_what_they_were_made_from() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let counted = std::sync::Arc::clone(&seen);
    let engine = Scripted::start(move |asked: &Asked| {
        if asked.method == "GET" {
            return Play::status(404, "not here");
        }
        let body = String::from_utf8(asked.body.clone()).unwrap();
        counted
            .lock()
            .unwrap()
            .push(body.matches("data:image").count());
        let score = if body.contains("naturalness") {
            "[9, 9]"
        } else {
            "[4, 9]"
        };
        Play::json(&json!({
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": format!("{{\"score\": {score}, \"reasoning\": \"\"}}")}}],
        }))
    });
    let folder = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    std::fs::write(pictures.path().join("before.png"), png::gray(40)).unwrap();
    let table = format!(
        "kind = \"chat\"\nurl = \"{}\"\nmodel = \"m\"\nflavour = \"other\"\nretries = 0",
        engine.url("/v1")
    );
    let app = TestApp::with(|config| {
        config
            .backends
            .insert("said".into(), toml::from_str(&table).unwrap());
        config.data.folder = Some(folder.path().to_owned());
        config.jobs.images = Some(pictures.path().to_owned());
    });
    let (before, after) = (
        BASE64_STANDARD.encode(png::gray(40)),
        BASE64_STANDARD.encode(png::gray(90)),
    );
    let prompt = json!({"prompt": "make it brighter"});
    let lines = [
        json!({"id": "bytes", "base64": after, "texts": prompt, "source": {"base64": before}}),
        json!({"id": "path", "base64": after, "texts": prompt, "source": {"path": "before.png"}}),
        json!({"id": "gone", "base64": after, "texts": prompt, "source": {"path": "gone.png"}}),
        json!({"id": "broken", "base64": after, "texts": prompt, "source": {"base64": "*"}}),
        json!({"id": "none", "base64": after, "texts": prompt}),
    ];
    let manifest: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let submit = |query: &str, kind: &str, manifest: &str| {
        app.send(
            "POST",
            &format!("/v1/jobs?operation=evaluate&{query}"),
            &[("content-type", kind)],
            manifest.as_bytes(),
        )
    };
    let results = |reply: &Reply| {
        assert_eq!(reply.status, 202, "{reply:?}");
        let job = format!("/v1/jobs/{}", reply.json()["id"].as_str().unwrap());
        app.get(&format!("{job}/events"));
        let mut results = app.get(&format!("{job}/results")).lines();
        results.sort_by_key(|line| line["item"].as_u64());
        results
    };
    let edits = "judge=viescore-sc-edit@said&method=viescore";
    let found = results(&submit(
        &format!("{edits}&on_bad_line=fail"),
        "application/jsonl",
        &manifest,
    ));
    for line in &found[..2] {
        assert_eq!(line["result"]["consistency"]["score"], 4.0, "{line}");
        assert_eq!(line["result"]["score"], 6.0, "{line}");
    }
    assert_eq!(found[2]["reason"], "file_unreadable");
    assert_eq!(found[3]["reason"], "image_base64");
    assert!(
        found[3]["detail"]
            .as_str()
            .unwrap()
            .starts_with("`source`: ")
    );
    assert_eq!(found[4]["reason"], "bad_line");
    // Both pictures of an edit were shown, and of its quality one.
    let mut shown = seen.lock().unwrap().clone();
    // What the engine can do is asked without a picture.
    shown.retain(|pictures| *pictures > 0);
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown, [1, 2]);
    let table =
        format!("id,base64,source_path,texts.prompt\nrow,{after},before.png,make it brighter\n");
    assert_eq!(
        results(&submit(edits, "text/csv", &table))[0]["result"]["score"],
        6.0
    );
    // A judge that shows one picture has no use for another.
    let plain = submit(
        "judge=viescore-sc@said&method=viescore",
        "application/jsonl",
        &manifest,
    );
    assert_eq!(plain.status, 422, "{plain:?}");
    assert!(
        plain.json()["detail"]
            .as_str()
            .unwrap()
            .contains("viescore-sc-edit")
    );
}
