//! Tables of texts as judges write them, and what they settle on.

use super::*;
use crate::judging::AnswerOption;

/// The four verdicts of GenAI-Bench, and the three of FastChat with their other spellings.
fn options(answers: &[&[&str]]) -> Options {
    let option = |names: &&[&str]| {
        let spellings = names[1..].iter().map(|name| (*name).to_owned()).collect();
        AnswerOption::new(names[0], spellings).unwrap()
    };
    Options::new(answers.iter().map(option).collect()).unwrap()
}

fn four() -> Options {
    options(&[&["A>B"], &["B>A"], &["A=B=Good"], &["A=B=Bad"]])
}

fn letters() -> Options {
    options(&[
        &["A", "Image A", "Image 1", "Image 1 is better"],
        &["B", "Image B", "Image 2", "Image 2 is better"],
        &["C", "tie", "Both images are equally good"],
    ])
}

/// The name of the option, `FIRST:SECOND` of two scores, or the code of what went wrong.
fn read(place: VerdictPlace, options: &Options, text: &str) -> String {
    let names: Vec<&str> = options.names().collect();
    match WrittenVerdict::new(vec![place])
        .unwrap()
        .read(text, options)
    {
        Ok(Found::Option(option)) => names[option].to_owned(),
        Ok(Found::Scores(first, second)) => format!("{first}:{second}"),
        Err(unscored) => unscored.reason.code().to_owned(),
    }
}

#[test]
fn the_last_complete_verdict_in_brackets_counts_where_it_is_final() {
    let cases = [
        ("Reasons.\n\n[[A>B]]", "A>B"),
        ("**Final Verdict**: [[ b>a ]]**", "B>A"),
        (
            "[[A=B=Good]] is my verdict, because both are sharp.",
            "A=B=Good",
        ),
        // The greedy pattern `\[\[.*\]\]` reads these as one verdict that is none, or takes the first.
        (
            "At first [[A>B]] seemed right. My final verdict: [[B>A]].",
            "B>A",
        ),
        (
            "If hands counted, [[A>B]].\n\nThey do not.\n\n[[B>A]]",
            "B>A",
        ),
        ("[[A>B]] said one, [[A>B]] says the other", "A>B"),
        // A list of the choices, or two at once, settle on nothing.
        (
            "1. [[A>B]]\n2. [[B>A]]\n3. [[A=B=Good]]\n4. [[A=B=Bad]]",
            "ambiguous",
        ),
        ("[[A>B]] or [[B>A]]", "ambiguous"),
        (
            "[[A>B]]\n\n[[B>A]] would be wrong, though some may say so",
            "ambiguous",
        ),
        // Fragments and other words are no verdicts.
        ("My verdict is [[A>B", "unparsed"),
        ("My verdict is [[A is better]]", "unparsed"),
        ("[A>B]", "unparsed"),
        ("", "unparsed"),
        (
            "I'm sorry, but I cannot assist with this request.",
            "refused",
        ),
        ("As an AI-generated image, A is poor.\n\n[[B>A]]", "B>A"),
    ];
    for (text, expected) in cases {
        assert_eq!(
            read(VerdictPlace::Brackets, &four(), text),
            expected,
            "{text}"
        );
    }
}

#[test]
fn letters_in_json_in_tags_and_after_words() {
    let key = || VerdictPlace::Key("winner".into());
    let tag = || VerdictPlace::Tag("answer".into());
    let after = || VerdictPlace::After("Judgement:".into());
    let cases = [
        (key(), r#"{"reason": "A is dull", "winner": "B"}"#, "B"),
        (key(), "```json\n{'winner': 'Image A'}\n```", "A"),
        (key(), r#"{"winner": tie}"#, "C"),
        (key(), "winner: B\n", "B"),
        (key(), r#"{"winner": "B"#, "unparsed"),
        (key(), r#"{"winner": "neither"}"#, "unparsed"),
        (key(), r#"{"winner": "A"} {"winner": "B"}"#, "ambiguous"),
        (
            tag(),
            "<think>A?</think><answer>Image 2 is better</answer>",
            "B",
        ),
        (
            tag(),
            "<answer>A</answer> No, in the end <answer>B</answer>",
            "B",
        ),
        (tag(), "<answer>Image 1 is", "unparsed"),
        (after(), "Analysis: A has more.\nJudgement: [[A]]", "A"),
        (after(), "judgement: **C**.", "C"),
        (after(), "Judgement: A has more detail", "unparsed"),
    ];
    for (place, text, expected) in cases {
        assert_eq!(read(place, &letters(), text), expected, "{text}");
    }
}

#[test]
fn prose_is_read_where_a_sentence_says_it_whole() {
    let cases = [
        ("Image 2 is better than Image 1.", "B"),
        (
            "In detail: both are sharp. BOTH IMAGES ARE EQUALLY GOOD.",
            "C",
        ),
        ("Image 1 is better aligned. Image 2 is better overall.", "B"),
        (
            "Image 1 is better. But in conclusion, Image 2 is better.",
            "B",
        ),
        (
            "Image 1 is better, though some say Image 2 is better.",
            "ambiguous",
        ),
        ("I do not think that Image 1 is better.", "unparsed"),
        ("It isn't clear whether Image 1 is better.", "unparsed"),
        ("Image 1 is better aligned with the caption", "unparsed"),
        ("Image 11 is better.", "unparsed"),
        // One letter is no sentence.
        ("A picture of a cat.", "unparsed"),
    ];
    for (text, expected) in cases {
        let found = read(VerdictPlace::Sentence, &letters(), text);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn two_scores_are_read_by_their_names() {
    let named = |first: &str, second: &str| VerdictPlace::Scores(first.into(), second.into());
    let cases = [
        (named("A", "B"), r#"{"A": 7, "B": 5.5}"#, "7:5.5"),
        (
            named("Image 1", "Image 2"),
            "**Image 1**: 3/5\n**Image 2**: 4/5",
            "3:4",
        ),
        (
            named("A", "B"),
            r#"{"A": 1, "B": 2} corrected: {"A": 3, "B": 2}"#,
            "3:2",
        ),
        (named("A", "B"), r#"{"A": 7}"#, "unparsed"),
        (named("A", "B"), r#"{"A": 7, "B": "good"}"#, "unparsed"),
    ];
    for (place, text, expected) in cases {
        assert_eq!(read(place, &letters(), text), expected, "{text}");
    }
}

#[test]
fn places_are_tried_in_order_and_empty_ones_refused() {
    let places = vec![VerdictPlace::Brackets, VerdictPlace::Sentence];
    let both = WrittenVerdict::new(places).unwrap();
    let text = "Image 1 is better. [[B]]";
    assert_eq!(both.read(text, &letters()).unwrap(), Found::Option(1));
    let words = "Image 1 is better.";
    assert_eq!(both.read(words, &letters()).unwrap(), Found::Option(0));
    for places in [
        vec![],
        vec![VerdictPlace::Key(" ".into())],
        vec![VerdictPlace::Scores("A".into(), "A".into())],
        vec![VerdictPlace::Scores("A".into(), String::new())],
    ] {
        assert!(WrittenVerdict::new(places).is_err());
    }
}
