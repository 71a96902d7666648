use super::*;

const HEAD: &str = "judge\tsetting\ttask\tmodel\tuid\tdim\tscore_raw_json\n";

/// Writes a task with one model, three raters and one judge: for each item three ratings and the judge's scores.
fn folder(items: &[([&str; 3], &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let task = folder.path().join("human_raters/ImagenHub_Text-Guided_IG");
    std::fs::create_dir_all(&task).unwrap();
    for rater in 0..3 {
        let mut text = "uid\tSD\r\n".to_owned();
        for (index, (ratings, _, _)) in items.iter().enumerate() {
            text.push_str(&format!("{index}.jpg\t{}\r\n", ratings[rater]));
        }
        std::fs::write(task.join(format!("rater{rater}.tsv")), text).unwrap();
    }
    let mut scores = HEAD.to_owned();
    for (index, (_, consistency, quality)) in items.iter().enumerate() {
        for (aspect, score) in [("SC", consistency), ("PQ", quality)] {
            if !score.is_empty() {
                scores.push_str(&format!(
                    "gemini\t0shot\tText-Guided_IG\tSD\t{index}.jpg\t{aspect}\t{score}\n"
                ));
            }
        }
    }
    std::fs::write(folder.path().join(SCORES), scores).unwrap();
    folder
}

fn find<'a>(rows: &'a [Row], names: [&str; 4], statistic: &str) -> &'a Row {
    rows.iter()
        .find(|row| {
            let values: Vec<&str> = row.keys.0.iter().map(|(_, value)| value.as_str()).collect();
            values == names && row.statistic == statistic
        })
        .unwrap()
}

const ITEMS: [([&str; 3], &str, &str); 5] = [
    (["[0, 0.5]", "[0,1]", "[0,0.5]"], "[1, 3]", "[5]"),
    (["[0.5, 0.5]", "[0.5,1]", "[0,0.5]"], "[2]", "6"),
    (["[0.5, 1]", "[0.5,1]", "[0.5,0.5]"], "[4.9, 8]", "[5]"),
    (["[1, 1]", "[1,1]", "[1,0.5]"], "[12, 9]", "[7]"),
    (["[1, 1]", "[1,1]", "[1,1]"], "[9]", ""),
];

#[test]
fn the_published_table_is_whole() {
    // 29 models, seven tasks and all of them for Gemini, and the same models for the raters.
    assert_eq!(PUBLISHED.len(), 3 * (29 + 7 + 1) + 3 * 29);
}

#[test]
fn the_least_score_counts_and_items_without_both_are_left_out() {
    let folder = folder(&ITEMS);
    let rows = recompute(folder.path()).unwrap().rows;
    let row = find(
        &rows,
        ["gemini 0shot", "Text-Guided_IG", "SD", "SC"],
        "spearman",
    );
    assert_eq!(row.n, 4);
    // 1, 2, 4 and 9 beside 0, 1/3, 1/2 and 1.
    assert!((row.value.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(row.published, Some(0.6104));
    let quality = find(
        &rows,
        ["gemini 0shot", "Text-Guided_IG", "SD", "PQ"],
        "spearman",
    );
    assert!(
        quality
            .note
            .as_ref()
            .unwrap()
            .starts_with("3 of 4 scores are one number")
    );
    // Ranks 1.5, 3, 1.5, 4 beside 1.5, 1.5, 3.5, 3.5.
    assert!((quality.value.unwrap() - 1.0 / 18.0_f64.sqrt()).abs() < 1e-12);
    let mean = find(
        &rows,
        ["gemini 0shot", "Text-Guided_IG", "mean", "SC"],
        "tanh_of_mean",
    );
    assert!((mean.value.unwrap() - 1.0_f64.tanh()).abs() < 1e-12);
    assert!(mean.note.as_ref().unwrap().contains("never done"));
    let right = find(
        &rows,
        ["gemini 0shot", "Text-Guided_IG", "mean", "SC"],
        "mean",
    );
    assert!((right.value.unwrap() - 1.0).abs() < 1e-12);
    // One task of seven is no figure of the authors.
    let all = find(&rows, ["gemini 0shot", "all", "mean", "SC"], "tanh_of_mean");
    assert_eq!(all.published, None);
    assert!(all.note.as_ref().unwrap().contains("1 of them"));
    let human = find(&rows, ["human", "Text-Guided_IG", "SD", "SC"], "mean");
    assert_eq!(human.n, 5);
    assert!(human.value.unwrap() > 0.9);
}

#[test]
fn ties_that_rounding_errors_break_are_told_apart() {
    // The means of the first two items are (1/2 + 2 sqrt(1/2)) / 3, added up in two orders.
    let half = "[0.5, 0.5]";
    let root = "[1, 0.5]";
    let folder = folder(&[
        ([root, half, root], "[5]", "[5]"),
        ([root, root, half], "[6]", "[6]"),
        (["[0, 0]", "[0, 0]", "[0, 0]"], "[1]", "[1]"),
        (["[1, 1]", "[1, 1]", "[1, 1]"], "[9]", "[9]"),
    ]);
    let rows = recompute(folder.path()).unwrap().rows;
    let names = ["gemini 0shot", "Text-Guided_IG", "SD", "O"];
    // Ranks 2, 3, 1, 4 beside 2.5, 2.5, 1, 4.
    let rounded = find(&rows, names, "spearman_rounded").value.unwrap();
    assert!((rounded - 4.5 / (5.0 * 4.5_f64).sqrt()).abs() < 1e-12);
    let unrounded = find(&rows, names, "spearman");
    assert!((unrounded.value.unwrap() - rounded).abs() > 0.01);
    assert!(unrounded.note.as_ref().unwrap().contains("order"));
    assert_eq!(unrounded.published, Some(0.4544));
}

#[test]
fn a_constant_judge_has_no_correlation_and_no_average() {
    let constant = ITEMS.map(|(ratings, _, _)| (ratings, "[5]", "[5]"));
    let folder = folder(&constant);
    let rows = recompute(folder.path()).unwrap().rows;
    for (model, statistic) in [
        ("SD", "spearman"),
        ("mean", "fisher_mean"),
        ("mean", "tanh_of_mean"),
    ] {
        let row = find(
            &rows,
            ["gemini 0shot", "Text-Guided_IG", model, "O"],
            statistic,
        );
        assert_eq!(row.value, None);
        assert!(row.note.is_some());
    }
}

#[test]
fn what_is_missing_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let message = recompute(empty.path()).unwrap_err().to_string();
    assert!(message.contains("judge_scores.tsv"), "{message}");
    let whole = folder(&ITEMS);
    std::fs::remove_dir_all(whole.path().join(RATINGS)).unwrap();
    let message = recompute(whole.path()).unwrap_err().to_string();
    assert!(message.contains("human_raters"), "{message}");
    for (from, to, reason) in [
        ("Text-Guided_IG", "Other_IG", "task"),
        ("\tSD\t", "\tSDXL\t", "no model `SDXL`"),
        ("0.jpg", "9.jpg", "no item `9.jpg`"),
    ] {
        let whole = folder(&ITEMS);
        let path = whole.path().join(SCORES);
        let text = std::fs::read_to_string(&path).unwrap().replace(from, to);
        std::fs::write(&path, text).unwrap();
        let message = recompute(whole.path()).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}
