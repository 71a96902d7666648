//! A map that was fitted is applied to the judge that it was fitted for, from both faces, and to no other.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::command::{json_lines, opine, stderr};
use crate::support::app::{TestApp, fixtures};
use crate::support::png;

/// A folder with grays, their labels (1 to 5 by how light they are), and a map fitted on them.
fn fitted() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut labels = "id,human,image\n".to_owned();
    for step in 0u8..60 {
        let gray = 4 * step;
        let human = 1.0 + 4.0 * f64::from(gray) / 236.0;
        std::fs::write(
            folder.path().join(format!("{gray:03}.png")),
            png::gray(gray),
        )
        .unwrap();
        labels.push_str(&format!("{gray:03},{human:.3},{gray:03}.png\n"));
    }
    std::fs::write(folder.path().join("labels.csv"), labels).unwrap();
    let judges = fixtures("judges").display().to_string();
    let config = format!("[judges]\nfolders = [{judges:?}]\n");
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    std::fs::create_dir(folder.path().join("maps")).unwrap();
    let arguments = [
        "calibrate",
        "--judge",
        "brightness",
        "--images",
        ".",
        "--labels",
        "labels.csv",
        "--scale",
        "1..5",
        "--map",
        "isotonic",
        "--out",
        "maps/brightness.toml",
        "--config",
        "opine.toml",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    folder
}

#[test]
fn both_faces_apply_it_to_its_judge_and_name_what_differs_of_another() {
    let folder = fitted();
    let score = |judge: &str| {
        let arguments = [
            "score",
            "120.png",
            "--judge",
            judge,
            "--calibration",
            "maps",
            "--json",
            "--config",
            "opine.toml",
        ];
        opine(folder.path(), &arguments)
    };
    let output = score("brightness");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let calibrated = json_lines(&output)[0]["calibrated"].clone();
    let human = calibrated["score"].as_f64().unwrap();
    assert!(
        (human - (1.0 + 4.0 * 120.0 / 236.0)).abs() < 0.3,
        "{calibrated}"
    );
    assert_eq!(calibrated["scale"]["max"], 5.0);
    let ends = calibrated["ci"].as_array().unwrap();
    assert!(ends[0].as_f64().unwrap() <= human && human <= ends[1].as_f64().unwrap());
    let other = score("technical-quality");
    assert_eq!(other.status.code(), Some(2));
    let message = stderr(&other);
    assert!(
        message.contains("no calibration map was fitted for `technical-quality`"),
        "{message}"
    );

    let maps = folder.path().join("maps");
    let service = TestApp::with(|config| config.calibration.folder = Some(maps));
    let image = json!({"base64": BASE64_STANDARD.encode(png::gray(120))});
    let ask = |judge: &str| {
        service.score(&json!({"judge": judge, "calibrated": true, "images": [image]}))
    };
    let served = ask("brightness").results().remove(0);
    assert_eq!(served["calibrated"], calibrated);
    let problem = ask("technical-quality").problem("no_calibration");
    assert_eq!(problem["pointer"], "/calibrated");
    let plain = service.score(&json!({"judge": "brightness", "images": [image]}));
    assert!(plain.results()[0].get("calibrated").is_none());
}

#[test]
fn both_faces_say_what_a_pick_is_expected_to_be_worth() {
    let folder = fitted();
    let arguments = [
        "best-of",
        "040.png",
        "200.png",
        "--judge",
        "brightness",
        "--calibration",
        "maps",
        "--no-tripwires",
        "--json",
        "--config",
        "opine.toml",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let picked = json_lines(&output).remove(0);
    assert_eq!(picked["pick"], "200.png");
    let expected = &picked["expected"];
    let number = |field: &str| expected[field].as_f64().unwrap();
    // People's labels rise with the gray: 1 + 4 * gray / 236.
    assert!(
        (number("picked") - (1.0 + 4.0 * 200.0 / 236.0)).abs() < 0.3,
        "{expected}"
    );
    assert!(
        (number("random") - (1.0 + 4.0 * 120.0 / 236.0)).abs() < 0.3,
        "{expected}"
    );
    assert!((number("uplift") - number("picked") + number("random")).abs() < 1e-12);

    let maps = folder.path().join("maps");
    let service = TestApp::with(|config| config.calibration.folder = Some(maps));
    let images = [40, 200].map(|gray| {
        let name = format!("{gray:03}.png");
        json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
    });
    let body =
        json!({"judge": "brightness", "calibrated": true, "tripwires": false, "images": images});
    let headers = [("content-type", "application/json")];
    let served = service.send("POST", "/v1/best-of", &headers, body.to_string().as_bytes());
    assert_eq!(served.json()["expected"], *expected);
}
