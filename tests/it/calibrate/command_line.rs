//! `opine calibrate` from end to end, on files that the tests make.

use std::fmt::Write;
use std::path::Path;
use std::process::Output;

use opine::calibration::{FittedMap, Maps};
use opine::stats::resample::CounterRng;
use tempfile::TempDir;

use crate::command::{json, opine, stderr};

const HEADER: &str = "id,judge,version,card,backend,model_revision,readout,preprocessing,temperature,score,scale.min,scale.max,scale.better,opinion.good,opinion.poor\n";

/// Digest of the built-in card, as the program itself says it.
fn card(folder: &Path) -> String {
    let judges = json(&opine(folder, &["judges", "--json"]));
    let judges = judges.as_array().unwrap();
    let card = judges
        .iter()
        .find(|judge| judge["id"] == "q-bench")
        .unwrap();
    card["card"].as_str().unwrap().to_owned()
}

/// A folder with `judged.csv`, and labels that follow the scores: `mos.csv` (1 to 5), `event.csv` (0 and 1),
/// `tilt.csv` (1 to 5, a step on a slope), `level.csv` (three names), and `noise.csv`, which does not.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let card = card(folder.path());
    let mut rng = CounterRng::new(19, 0);
    let mut judged = HEADER.to_owned();
    let [mut mos, mut tilt, mut event, mut level, mut noise] = [
        "id,mos,photo\n",
        "id,mos\n",
        "id,label\n",
        "id,level\n",
        "id,mos\n",
    ]
    .map(str::to_owned);
    for at in 0..80 {
        let score = 0.02 + 0.96 * rng.uniform();
        writeln!(
            judged,
            "{at:02}.png,q-bench,1.0.0,{card},recording,r1,label_logits,as-given,100,{score},0,1,higher,{score},{}",
            1.0 - score
        )
        .unwrap();
        let label = (1.0 + 4.0 * score * score + 0.3 * rng.normal()).clamp(1.0, 5.0);
        writeln!(mos, "{at:02}.png,{label},photo {}", at % 16).unwrap();
        let step = 1.0 / (1.0 + (-12.0 * (score - 0.5)).exp());
        let tilted = (1.1 + 2.6 * score + 1.1 * step + 0.06 * rng.normal()).clamp(1.0, 5.0);
        writeln!(tilt, "{at:02}.png,{tilted}").unwrap();
        writeln!(event, "{at:02}.png,{}", u8::from(rng.uniform() < score)).unwrap();
        let name = ["low", "middle", "high"]
            [usize::from(score + 0.2 * rng.normal() > 0.35) + usize::from(score > 0.7)];
        writeln!(level, "{at:02}.png,{name}").unwrap();
        writeln!(noise, "{at:02}.png,{}", 1.0 + 4.0 * rng.uniform()).unwrap();
    }
    let files = [
        ("judged.csv", judged),
        ("mos.csv", mos),
        ("tilt.csv", tilt),
        ("event.csv", event),
        ("level.csv", level),
        ("noise.csv", noise),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn calibrate(folder: &Path, arguments: &[&str]) -> Output {
    let common = ["calibrate", "--judge", "q-bench", "--resamples", "100"];
    opine(folder, &[&common, arguments].concat())
}

const MOS: [&str; 6] = [
    "--judged",
    "judged.csv",
    "--labels",
    "mos.csv",
    "--scale",
    "1..5",
];

#[test]
fn a_map_is_measured_reported_and_written() {
    let folder = folder();
    let output = calibrate(
        folder.path(),
        &[&MOS[..], &["--map", "isotonic", "--json"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = json(&output);
    assert_eq!(
        (&report["status"], &report["map"]),
        (&"fitted".into(), &"isotonic".into())
    );
    assert_eq!(report["items"]["used"], 80);
    assert_eq!(report["direction"], "increasing");
    let figure = |name: &str| {
        let figures = report["figures"].as_array().unwrap();
        figures
            .iter()
            .find(|figure| figure["name"] == name)
            .unwrap()
            .clone()
    };
    let rmse = figure("rmse");
    let value = |side: &str| rmse[side]["value"].as_f64().unwrap();
    assert!(value("after") < value("before"), "{rmse}");
    assert!((value("after") - value("before") - value("change")).abs() < 1e-12);
    for name in ["rmse", "plcc", "srcc"] {
        let after = figure(name)["after"].clone();
        let ends: Vec<f64> = (0..2)
            .map(|end| after["ci"][end].as_f64().unwrap())
            .collect();
        let value = after["value"].as_f64().unwrap();
        assert!(ends[0] < value && value < ends[1], "{name}: {after}");
    }
    let coverage = &report["conformal"]["coverage"];
    assert!(coverage["ci"][0].as_f64().unwrap() < 0.9 && 0.9 < coverage["ci"][1].as_f64().unwrap());

    let maps = Maps::load(&folder.path().join("calibration/maps")).unwrap();
    let map = maps.iter().next().unwrap();
    assert_eq!(map.file, "q-bench-recording-isotonic.toml");
    assert_eq!(
        map.key.card.to_string(),
        report["judge"]["card"].as_str().unwrap()
    );
    assert_eq!(map.labels.source, "mos.csv");
    let text = calibrate(folder.path(), &[&MOS[..], &["--map", "logistic4"]].concat());
    let printed = String::from_utf8(text.stdout.clone()).unwrap();
    for part in [
        "`q-bench@recording`",
        "held out",
        "rmse",
        "labels at 90 %",
        "fitted on all 80",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(stderr(&text).contains("wrote calibration/maps/q-bench-recording-logistic4.toml"));
}

#[test]
fn every_kind_of_label_has_its_map() {
    let folder = folder();
    let judged = ["--judged", "judged.csv", "--labels"];
    let cases: [(&[&str], &str); 5] = [
        (&["event.csv", "--map", "platt"], "ece"),
        (&["event.csv", "--map", "temperature"], "ece"),
        (&["event.csv", "--map", "isotonic"], "ece"),
        (
            &[
                "level.csv",
                "--levels",
                "low,middle,high",
                "--map",
                "ordinal",
            ],
            "nll",
        ),
        (
            &["tilt.csv", "--scale", "1..5", "--map", "logistic5"],
            "rmse",
        ),
    ];
    for (arguments, row) in cases {
        let all = [&judged[..], arguments, &["--out", "map.toml", "--json"]].concat();
        let output = calibrate(folder.path(), &all);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            stderr(&output)
        );
        let report = json(&output);
        let figures = report["figures"].as_array().unwrap();
        let after = &figures.iter().find(|figure| figure["name"] == row).unwrap()["after"];
        assert!(after["value"].as_f64().unwrap().is_finite(), "{report}");
        let map = FittedMap::load(&folder.path().join("map.toml")).unwrap();
        assert_eq!(map.kind.name(), report["map"].as_str().unwrap());
    }
}

#[test]
fn the_same_items_in_any_order_give_the_same_bytes() {
    let folder = folder();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let judged = read("judged.csv");
    let (header, rows) = judged.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    let turned = format!("{header}\n{}\n", rows.join("\n"));
    std::fs::write(folder.path().join("turned.csv"), turned).unwrap();
    let split = [
        "--labels",
        "mos.csv",
        "--scale",
        "1..5",
        "--map",
        "isotonic",
        "--split",
        "column=photo,folds=4",
    ];
    for (file, out) in [("judged.csv", "a.toml"), ("turned.csv", "b.toml")] {
        let output = calibrate(
            folder.path(),
            &[&split[..], &["--judged", file, "--out", out]].concat(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let map = read("a.toml");
    assert_eq!(map, read("b.toml"));
    assert!(
        map.contains("group = \"photo\"") && map.contains("folds = 4"),
        "{map}"
    );
    let seed = [
        &split[..],
        &["--judged", "judged.csv", "--out", "c.toml", "--seed", "8"],
    ]
    .concat();
    calibrate(folder.path(), &seed);
    assert_ne!(map, read("c.toml"));
}

#[test]
fn labels_that_show_no_relation_are_a_finding() {
    let folder = folder();
    let noise = [
        "--judged",
        "judged.csv",
        "--labels",
        "noise.csv",
        "--scale",
        "1..5",
        "--map",
        "isotonic",
        "--json",
    ];
    let output = calibrate(folder.path(), &noise);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let refusal = json(&output);
    assert_eq!(
        (&refusal["status"], &refusal["reason"]),
        (&"refused".into(), &"no_relation".into())
    );
    assert_eq!(refusal["n"], 80);
    let ends = &refusal["spearman"]["ci"];
    assert!(ends[0].as_f64().unwrap() < 0.0 && ends[1].as_f64().unwrap() > 0.0);
    assert!(refusal["labels_needed"].is_null() || refusal["labels_needed"].as_u64().unwrap() > 80);
    assert!(stderr(&output).contains("refused: no relation"));
    assert!(!folder.path().join("calibration").exists());
    let turned = calibrate(
        folder.path(),
        &[&MOS[..], &["--map", "isotonic", "--human-better", "lower"]].concat(),
    );
    assert_eq!(turned.status.code(), Some(1));
    assert!(
        stderr(&turned).contains("--human-better"),
        "{}",
        stderr(&turned)
    );
}

#[test]
fn what_is_wrong_with_the_files_is_said_and_nothing_is_written() {
    let folder = folder();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let judged = read("judged.csv");
    write("two.csv", &judged.replacen(",r1,", ",r2,", 1));
    write(
        "card.csv",
        &judged.replace(&card(folder.path()), &format!("blake3:{}", "0".repeat(64))),
    );
    write("plain.csv", "id,score\n00.png,0.5\n");
    write("twice.csv", &format!("{}00.png,3,x\n", read("mos.csv")));
    write(
        "words.csv",
        &read("mos.csv").replacen("\n00.png,", "\n00.png,fine", 1),
    );
    write("names.csv", &read("mos.csv").replace(".png", ".jpeg"));
    let judged = |file| ["--judged", file, "--labels", "mos.csv", "--scale", "1..5"];
    let labels = |file| {
        [
            "--judged",
            "judged.csv",
            "--labels",
            file,
            "--scale",
            "1..5",
        ]
    };
    let cases: [([&str; 6], &[&str], &str); 11] = [
        (
            labels("mos.csv"),
            &["--scale", "1..3"],
            "outside the scale 1 to 3",
        ),
        (
            judged("two.csv"),
            &[],
            "model revision `r1`, items before it with `r2`",
        ),
        (judged("card.csv"), &[], "judged by card `blake3:000"),
        (judged("plain.csv"), &[], "`provenance.judge`"),
        (labels("twice.csv"), &[], "line 82"),
        (labels("words.csv"), &[], "--levels"),
        (labels("names.csv"), &[], "--match"),
        (labels("mos.csv"), &["--map", "platt"], "0 or 1"),
        (
            labels("mos.csv"),
            &["--judge", "q-bench@elsewhere"],
            "not by `elsewhere`",
        ),
        (labels("mos.csv"), &["--split", "column=film"], "`film`"),
        (
            labels("mos.csv"),
            &["--out", "mos.csv"],
            "is read by this command",
        ),
    ];
    for (files, more, told) in cases {
        // A flag that comes again counts the second time: the first one is left out.
        let kept: Vec<&str> = files
            .chunks(2)
            .chain([&["--map", "isotonic"][..], &["--judge", "q-bench"]])
            .filter(|pair| !more.contains(&pair[0]))
            .flatten()
            .copied()
            .collect();
        let all = [&["calibrate", "--resamples", "100"], kept.as_slice(), more].concat();
        let output = opine(folder.path(), &all);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{more:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(told),
            "{told}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty());
    }
    assert!(!folder.path().join("calibration").exists());
    // By a part of the id the renamed labels are found.
    let stem = [
        &labels("names.csv")[..],
        &["--map", "isotonic", "--match", "stem"],
    ]
    .concat();
    let output = calibrate(folder.path(), &stem);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn images_are_scored_by_the_judge_itself() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/technical-quality/examples");
    let mut labels = "id,image,human\n".to_owned();
    for (name, human) in [("clean.jpg", 4.5), ("noisy.jpg", 2.5), ("blurred.jpg", 1.5)] {
        std::fs::copy(examples.join(name), folder.path().join(name)).unwrap();
        for copy in 0..12 {
            let human = human + f64::from(copy % 4) * 0.1;
            writeln!(labels, "{name} {copy:02},{name},{human}").unwrap();
        }
    }
    writeln!(labels, "gone,gone.jpg,3").unwrap();
    std::fs::write(folder.path().join("labels.csv"), labels).unwrap();
    let arguments = [
        "calibrate",
        "--judge",
        "technical-quality",
        "--images",
        ".",
        "--labels",
        "labels.csv",
        "--scale",
        "1..5",
        "--map",
        "isotonic",
        "--out",
        "map.toml",
        "--resamples",
        "100",
        "--json",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = json(&output);
    assert_eq!(
        (&report["items"]["used"], &report["items"]["unscored"]),
        (&36.into(), &1.into())
    );
    assert!(stderr(&output).contains("gone.jpg"));
    // The key is that of the judge's own verdicts.
    let scored = json(&opine(folder.path(), &["score", "clean.jpg", "--json"]));
    let map = FittedMap::load(&folder.path().join("map.toml")).unwrap();
    let provenance = &scored["provenance"];
    for (field, value) in [
        ("judge", map.key.judge.clone()),
        ("version", map.key.version.clone()),
        ("card", map.key.card.to_string()),
        ("backend", map.key.backend.clone()),
        ("model_revision", map.key.model_revision.clone()),
        ("readout", map.key.readout.name().to_owned()),
        ("preprocessing", map.key.preprocessing.clone()),
    ] {
        assert_eq!(provenance[field], value.as_str());
    }
    assert_eq!(provenance["temperature"].as_f64(), map.key.temperature);
    let raw = scored["score"].as_f64().unwrap();
    let calibrated = map.map.evaluate(raw, None).unwrap().score.value();
    assert!((calibrated - 4.65).abs() < 0.01, "{calibrated}");
}
