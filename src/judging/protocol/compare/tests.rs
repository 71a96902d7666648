//! Pairs in both orders, chosen and written.

use super::*;
use crate::judging::{AnswerOption, Image, Reading, Template, VerdictPlace};

fn recipe(names: &[&str], says: Vec<Says>, temperature: f64) -> CompareRecipe {
    let option = |name: &&str| AnswerOption::new(*name, vec![]).unwrap();
    CompareRecipe {
        question: Question {
            system: None,
            text: Template::parse("<image><image>Which is better?", &[]).unwrap(),
            answer_prefix: None,
            reading: Reading::default(),
        },
        given: GivenVerdict::Chosen,
        options: Options::new(names.iter().map(option).collect()).unwrap(),
        says,
        temperature: Temperature::new(temperature).unwrap(),
        least_coverage: Coverage::new(0.5).unwrap(),
    }
    .check()
    .unwrap()
}

fn letters() -> CompareRecipe {
    recipe(
        &["A", "B", "C"],
        vec![Says::First(1.0), Says::First(0.0), Says::Tie],
        1.0,
    )
}

fn choice(masses: &[f64]) -> Choice {
    Choice::new(masses.to_vec(), None, Readout::LabelTokens).unwrap()
}

#[test]
fn both_orders_are_asked_and_position_bias_cancels() {
    let pair = Subject::new(
        vec![Image::new(&b"a"[..]), Image::new(&b"b"[..])],
        Default::default(),
    );
    let mut protocol = Compare::new(Arc::new(letters()), pair);
    let Step::Ask(prompts) = protocol.step(vec![]) else {
        panic!("a comparison begins with questions")
    };
    let first = |at: usize| prompts[at].images().next().unwrap().bytes().to_vec();
    assert_eq!((first(0), first(1)), (b"a".to_vec(), b"b".to_vec()));
    // Shown first: 1.5 for the better image and 1 for the place; shown last: 1.5 less 1.
    let answers = [[2.5, 0.0, -9.0], [0.0, 0.5, -9.0]]
        .map(|masses| Ok(crate::judging::Answer::Choice(choice(&masses))));
    let Step::Done(Ok(compared)) = protocol.step(answers.to_vec()) else {
        panic!("two answers make a comparison")
    };
    assert!((compared.comparison.order_effect().unwrap() - 1.0).abs() < 1e-12);
    let odds = (compared.comparison.first() / compared.comparison.second()).ln();
    assert!((odds - 1.5).abs() < 1e-12 && !compared.orders_disagree);
}

#[test]
fn orders_that_disagree_are_told() {
    let always_first = [3.0, 0.0, -9.0];
    let compared = letters()
        .combine(&choice(&always_first), &choice(&always_first))
        .unwrap();
    assert!(compared.orders_disagree);
    assert!((compared.comparison.first() - compared.comparison.second()).abs() < 1e-12);
    for (choice, preference) in [
        (Disagreement::Average, Preference::Tie),
        (Disagreement::Tie, Preference::Tie),
        (Disagreement::Drop, Preference::Dropped),
        (Disagreement::Review, Preference::Review),
    ] {
        assert_eq!(compared.preference(TieWidth::NONE, choice), preference);
    }
}

/// Compare2Score: P(second better) = sum of p over weights 0, .25, .5, .75, 1.
#[test]
fn graded_preferences_are_weighted() {
    let says = [1.0, 0.75, 0.5, 0.25, 0.0].map(Says::First).to_vec();
    let names = ["inferior", "worse", "similar", "better", "superior"];
    let recipe = recipe(&names, says, 1.0);
    let masses = [0.1f64, 0.2, 0.3, 0.3, 0.1].map(f64::ln);
    let turned = [0.1f64, 0.3, 0.3, 0.2, 0.1].map(f64::ln);
    let compared = recipe.combine(&choice(&masses), &choice(&turned)).unwrap();
    assert!((compared.comparison.second() - 0.525).abs() < 1e-12);
    assert!(compared.comparison.order_effect().unwrap().abs() < 1e-12);
}

#[test]
fn a_recipe_in_which_one_image_cannot_win_is_refused() {
    let base = letters();
    let with = |says: Vec<Says>| {
        CompareRecipe {
            says,
            ..base.clone()
        }
        .check()
    };
    assert!(with(vec![Says::First(1.0), Says::First(1.0), Says::Tie]).is_err());
    assert!(with(vec![Says::First(1.0), Says::First(2.0), Says::Tie]).is_err());
    assert!(with(vec![Says::First(1.0)]).is_err());
    let mut one_image = base.clone();
    one_image.question.text = Template::parse("<image>", &[]).unwrap();
    assert!(one_image.check().is_err());
}

/// Letters in brackets, drawn so often in each order.
fn written(samples: u32) -> CompareRecipe {
    let mut recipe = letters();
    recipe.question.reading.sampling.samples = samples;
    let places = vec![VerdictPlace::Brackets];
    recipe.given = GivenVerdict::Written(WrittenVerdict::new(places).unwrap());
    recipe
}

fn texts(texts: &[&str]) -> Vec<Answered> {
    let text = |text: &&str| Ok(Answer::Text((*text).to_owned()));
    texts.iter().map(text).collect()
}

#[test]
fn written_verdicts_are_read_in_both_orders() {
    let recipe = written(1);
    let compared = recipe.read(texts(&["So [[A]]", "So [[B]]"])).unwrap();
    assert_eq!(compared.readout, Readout::ParsedText);
    let preference = |compared: &Compared| {
        let choice = Disagreement::Average;
        compared.preference(TieWidth::NONE, choice)
    };
    assert_eq!(preference(&compared), Preference::First);
    // One drawn answer under Jeffreys' prior: 1.5 against 0.5.
    assert!((compared.comparison.log_odds() - 3f64.ln()).abs() < 1e-12);
    let tie = recipe.read(texts(&["[[C]]", "[[C]]"])).unwrap();
    assert_eq!(preference(&tie), Preference::Tie);
    assert!(!tie.orders_disagree);
    let place = recipe.read(texts(&["[[A]]", "[[A]]"])).unwrap();
    assert!(place.orders_disagree);
    assert!((place.comparison.order_effect().unwrap() - 3f64.ln()).abs() < 1e-12);
}

#[test]
fn drawn_verdicts_give_frequencies_and_unreadable_ones_lower_the_coverage() {
    let recipe = written(4);
    let pair = Subject::new(
        vec![Image::new(&b"a"[..]), Image::new(&b"b"[..])],
        Default::default(),
    );
    let prompts = recipe.prompts(&pair).unwrap();
    assert_eq!(prompts.len(), recipe.prompts_of_a_pair());
    let mut digests: Vec<String> = prompts.iter().map(|p| p.digest().to_string()).collect();
    digests.dedup();
    assert_eq!(digests.len(), 8);
    let straight = ["[[A]]", "[[A]]", "[[A]]", "[[B]]"];
    let turned = ["[[B]]", "[[B]]", "no", "[[C]]"];
    let compared = recipe.read(texts(&[straight, turned].concat())).unwrap();
    assert_eq!(compared.readout, Readout::Samples);
    assert!((compared.coverage.unwrap().value() - 0.75).abs() < 1e-12);
    // (3 + 1/2) against (1 + 1/2), and (2 + 1/2) against 1/2, as logarithms halved.
    let expected = 0.5 * ((3.5f64 / 1.5).ln() + 5f64.ln());
    assert!((compared.comparison.log_odds() - expected).abs() < 1e-12);
    let most = ["no", "no", "no", "[[C]]"];
    let refused = recipe.read(texts(&[straight, most].concat())).unwrap_err();
    assert_eq!(refused.reason, Reason::LowCoverage);
}

#[test]
fn what_cannot_be_read_is_unscored_by_its_reason() {
    let cases = [
        (["[[A]]", "I'm sorry, I cannot help."], Reason::Refused),
        (["both are fine", "[[A]]"], Reason::Unparsed),
        (["[[A]] or [[B]]", "[[A]]"], Reason::Ambiguous),
    ];
    for (answers, reason) in cases {
        assert_eq!(written(1).read(texts(&answers)).unwrap_err().reason, reason);
    }
    let lost = Err(Unscored::new(Reason::Deadline, "late"));
    let mut answers = texts(&["[[A]]"]);
    answers.push(lost);
    assert_eq!(
        written(1).read(answers).unwrap_err().reason,
        Reason::Deadline
    );
    let one = written(1).read(texts(&["[[A]]"])).unwrap_err();
    assert_eq!(one.reason, Reason::Backend);
}

#[test]
fn pairs_of_scores_say_which_is_higher() {
    let mut recipe = written(1);
    let places = vec![VerdictPlace::Scores("A".into(), "B".into())];
    recipe.given = GivenVerdict::Written(WrittenVerdict::new(places).unwrap());
    let answers = [r#"{"A": 7, "B": 5}"#, r#"{"A": 6, "B": 6}"#];
    let compared = recipe.read(texts(&answers)).unwrap();
    assert!((compared.comparison.log_odds() - 0.5 * 3f64.ln()).abs() < 1e-12);
    assert!(compared.comparison.tie() > 0.3);
    recipe.says = vec![Says::First(1.0), Says::First(0.0), Says::First(0.5)];
    let no_tie = recipe.read(texts(&answers)).unwrap_err();
    assert_eq!(no_tie.reason, Reason::Unparsed);
}
