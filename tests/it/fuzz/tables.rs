//! Labels from files.

use opine::calibration::{LabelOptions, MapKind, read_labels};
use opine::judging::Better;
use serde_json::json;

use super::changed;
use crate::support::lots::Lots;

const ROWS: usize = 12;

/// What a file says of each item, by chance; some names need quotes.
fn rows(lots: &mut Lots) -> Vec<(String, f64)> {
    let parts = [
        "a",
        "b,c",
        "\"q\"",
        " x ",
        "é\u{1f600}",
        "1",
        ";",
        "\t",
        "'",
    ];
    (0..ROWS)
        .map(|row| {
            let name = parts[lots.place(parts.len())];
            let value = lots.below(4_001) as f64 / 1_000.0 + 1.0;
            (format!("row {row} {name}"), value)
        })
        .collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The rows in every form of file.
fn files(rows: &[(String, f64)]) -> [(&'static str, String); 4] {
    let lines = |delimiter: char| {
        let line = |(name, value): &(String, f64)| format!("{}{delimiter}{value}\n", quoted(name));
        let rows: String = rows.iter().map(line).collect();
        format!("id{delimiter}human\n{rows}")
    };
    let objects: Vec<_> = rows
        .iter()
        .map(|(name, value)| json!({"id": name, "human": value}))
        .collect();
    let each: String = objects.iter().map(|object| format!("{object}\n")).collect();
    [
        ("labels.csv", lines(',')),
        ("labels.tsv", lines('\t')),
        ("labels.jsonl", each),
        ("labels.json", json!(objects).to_string()),
    ]
}

fn options() -> LabelOptions<'static> {
    LabelOptions {
        id: Some("id"),
        human: Some("human"),
        group: None,
        range: Some((1.0, 5.0)),
        better: Better::Higher,
        levels: &[],
        kind: MapKind::Logistic4,
        judge_levels: None,
    }
}

#[test]
fn labels_are_the_same_from_every_form_and_no_change_to_a_file_is_more_than_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut lots = Lots(0x1abe_15ed);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..40 {
        let rows = rows(&mut lots);
        for (name, text) in files(&rows) {
            let path = folder.path().join(name);
            std::fs::write(&path, &text).unwrap();
            let labels = read_labels(path.as_path(), &options()).unwrap();
            assert_eq!(labels.people.iter().count(), ROWS);
            for (item, label) in labels.people.iter() {
                let expected = rows.iter().find(|(name, _)| name.trim() == item.trim());
                let expected = expected.unwrap_or_else(|| panic!("{item:?} in {name}"));
                assert!((label.mean - expected.1).abs() < 1e-12, "{name}: {item}");
            }
            for _ in 0..6 {
                std::fs::write(&path, changed(text.as_bytes(), &mut lots)).unwrap();
                match read_labels(path.as_path(), &options()) {
                    Ok(labels) => {
                        // What is let through is what labels must be.
                        for (_, label) in labels.people.iter() {
                            assert!((1.0..=5.0).contains(&label.mean), "{label:?}");
                        }
                        read += 1;
                    }
                    Err(error) => {
                        assert!(error.to_string().len() < 2_000, "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(read > 20 && refused > 50, "{read} {refused}");
}
