//! Cards that are wrong, each with the line and the words of the error that it must give.
//!
//! A case is a file of tests/cards/bad whose first line is `# expect line N: words`; `-` is a fault with no line.

use std::path::Path;

use opine::card::{load_card, load_folder};

fn bad_cards() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cards/bad");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "the cases are missing");
    paths
}

#[test]
fn every_bad_card_is_refused_with_its_line_and_what_would_work() {
    for path in bad_cards() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (line, words) = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# expect line ")
            .unwrap()
            .split_once(": ")
            .unwrap();
        let error = load_card(&path).expect_err(&path.display().to_string());
        assert!(error.message.contains(words), "{error}\nexpected: {words}");
        if let Ok(line) = line.parse::<usize>() {
            assert_eq!(error.place.map(|place| place.0), Some(line), "{error}");
        }
        assert!(
            error.to_string().starts_with(&path.display().to_string()),
            "{error}"
        );
    }
}

#[test]
fn a_folder_with_one_id_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let card = include_str!("../../judges/q-bench/card.toml");
    for name in ["a.toml", "b.toml"] {
        std::fs::write(folder.path().join(name), card).unwrap();
    }
    let error = load_folder(folder.path()).unwrap_err();
    assert!(error.message.contains("`q-bench`"), "{error}");
}

#[test]
fn the_digest_follows_what_moves_scores_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let digest = |text: &str| {
        let path = folder.path().join("card.toml");
        std::fs::write(&path, text).unwrap();
        load_card(&path).unwrap().digest
    };
    let card = include_str!("../../judges/q-bench/card.toml");
    assert_eq!(digest(card), digest(&format!("# a comment\n{card}")));
    assert_eq!(
        digest(card),
        digest(&card.replace("title = \"", "title = \"Another "))
    );
    assert_ne!(
        digest(card),
        digest(&card.replace("temperature = 100.0", "temperature = 1.0"))
    );
    assert_ne!(
        digest(card),
        digest(&card.replace("Rate the quality", "Judge the quality"))
    );
}
