//! Lists put in order by tables of answers, and by a judge whose noise and bias are set.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::list_recipe::ListRecipe;
use super::listwise::*;
use super::{RankStop, Watchable};
use crate::judging::protocol::{Answered, Protocol, Step};
use crate::judging::{
    Answer, Image, OrderReading, Part, Partial, Place, Prompt, Question, Reading, Reason, Subject,
    Template, Unscored, label,
};
use crate::stats::resample::CounterRng;
use crate::stats::strengths::listed_strengths;

fn recipe(text: &str, item: &str, most_items: usize) -> ListRecipe {
    let names = ["response".to_owned(), "label".to_owned()];
    ListRecipe {
        question: Question {
            system: None,
            text: Template::parse(text, &["task".to_owned()]).unwrap(),
            answer_prefix: None,
            reading: Reading::default(),
        },
        item: Template::parse(item, &names).unwrap(),
        reading: OrderReading::new(vec![Place::Last], Partial::Refuse).unwrap(),
        most_items,
    }
}

fn pictures() -> Arc<ListRecipe> {
    Arc::new(
        recipe("<items>Best first?", "Image {label}: <image>\n", 26)
            .check()
            .unwrap(),
    )
}

/// Items whose one byte is their number.
fn items(count: u8) -> Vec<Subject> {
    (0..count)
        .map(|n| Subject::of(Image::new(vec![n])))
        .collect()
}

fn listwise(count: u8, plan: ListPlan) -> Listwise {
    Listwise::new(pictures(), Subject::default(), items(count), plan).unwrap()
}

fn shown(prompt: &Prompt) -> Vec<usize> {
    let byte = |image: &Image| usize::from(image.bytes()[0]);
    prompt.images().map(byte).collect()
}

fn letters(places: &[usize]) -> Answered {
    let text = places.iter().map(|place| label(*place)).collect();
    Ok(Answer::Text(text))
}

/// Runs a protocol with answers from what is shown and which question it is.
fn drive(
    mut protocol: Listwise,
    mut answer: impl FnMut(&[usize], usize) -> Answered,
) -> Result<ListRun, Unscored> {
    let mut answers = Vec::new();
    let mut asked = 0;
    loop {
        match protocol.step(answers) {
            Step::Done(outcome) => return outcome,
            Step::Ask(prompts) => {
                answers = Vec::new();
                for prompt in &prompts {
                    answers.push(answer(&shown(prompt), asked));
                    asked += 1;
                }
                assert_eq!(protocol.progress().asked, asked as u64);
            }
        }
    }
}

/// Ranks by number, the highest first, whatever it is shown.
fn by_number(shown: &[usize]) -> Answered {
    let mut places: Vec<usize> = (0..shown.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(shown[*place]));
    letters(&places)
}

#[test]
fn a_prompt_has_labels_and_images_in_their_order() {
    let items = items(3);
    let picked: Vec<&Subject> = [2, 0].iter().map(|at| &items[*at]).collect();
    let prompt = pictures().prompt(&Subject::default(), &picked, 4).unwrap();
    assert_eq!((shown(&prompt), prompt.repeat()), (vec![2, 0], 4));
    let words: Vec<&str> = (prompt.parts().iter())
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image(_) => None,
        })
        .collect();
    assert_eq!(words, ["Image A:", "Image B:", "Best first?"]);
}

#[test]
fn responses_stand_beside_the_picture_that_they_are_about() {
    let recipe = recipe("{task}\n<items><image>", "[{label}] {response}\n", 4);
    let recipe = recipe.check().unwrap();
    let text = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
    let shared = Subject::new(vec![Image::new(vec![9])], text("task", "What is it?"));
    // Marks in a response are words of it.
    let items =
        ["a cat", "<image>{task}"].map(|words| Subject::new(vec![], text("response", words)));
    let prompt = recipe.prompt(&shared, &[&items[1], &items[0]], 0).unwrap();
    let [Part::Text(words), Part::Image(_)] = prompt.parts() else {
        panic!("{prompt:?}")
    };
    assert_eq!(words, "What is it?\n[A] <image>{task}\n[B] a cat");
    let lacking = recipe
        .prompt(&shared, &[&Subject::default()], 0)
        .unwrap_err();
    assert!(
        lacking.to_string().contains("`response` of its own"),
        "{lacking}"
    );
}

#[test]
fn a_recipe_that_shows_no_list_is_refused() {
    for (text, item, most, part) in [
        (
            "Best first?",
            "{label} <image>",
            4,
            "`<items>` exactly once",
        ),
        (
            "<items><items>",
            "{label} <image>",
            4,
            "`<items>` exactly once",
        ),
        ("<items>", "<image>", 4, "`{label}`"),
        ("<items>", "{label} <image><image>", 4, "at most once"),
        ("<items><image>", "{label}", 4, "a text of its own"),
        ("<items><image>", "{label} <image>", 4, "no other `<image>`"),
        (
            "<items>",
            "{label} {response}",
            4,
            "the picture that they are about",
        ),
        ("<items>", "{label} <image>", 1, "2 to 26"),
        ("<items>", "{label} <image>", 27, "2 to 26"),
    ] {
        let error = recipe(text, item, most).check().unwrap_err();
        assert!(error.to_string().contains(part), "{text}, {item}: {error}");
    }
}

#[test]
fn every_repeat_shows_all_at_other_places() {
    let run = drive(
        listwise(
            4,
            ListPlan {
                repeats: 4,
                ..ListPlan::default()
            },
        ),
        |shown, _| by_number(shown),
    )
    .unwrap();
    assert_eq!(
        (run.asked, run.stop, run.lists.len()),
        (4, RankStop::Exhausted, 4)
    );
    assert_eq!((run.design.size, run.design.lists), (4, 1));
    for place in 0..4 {
        let mut stood: Vec<u32> = run.lists.iter().map(|list| list.shown[place]).collect();
        stood.sort_unstable();
        assert_eq!(stood, [0, 1, 2, 3]);
    }
    let found = listed_strengths(4, &run.read(), 0.1).unwrap();
    assert_eq!(found.ranks, [4, 3, 2, 1]);
}

#[test]
fn more_than_a_list_bears_are_shown_in_lists_that_overlap() {
    let plan = ListPlan {
        repeats: 3,
        most_items: 5,
        at_once: 4,
        ..ListPlan::default()
    };
    let run = drive(listwise(23, plan), |shown, _| by_number(shown)).unwrap();
    assert_eq!(
        (run.design.size, run.design.overlap, run.design.lists),
        (5, 1, 6)
    );
    assert_eq!((run.asked, run.stop), (18, RankStop::Exhausted));
    assert_eq!(
        run,
        drive(listwise(23, plan), |shown, _| by_number(shown)).unwrap()
    );
    let longer = ListPlan { repeats: 5, ..plan };
    let longer = drive(listwise(23, longer), |shown, _| by_number(shown)).unwrap();
    assert_eq!(
        longer.lists[..18],
        run.lists,
        "more repeats ask the first ones alike"
    );
}

#[test]
fn an_unreadable_answer_says_nothing_and_is_told() {
    let answers = ["BACD", "BAC", "BABC", "I'm sorry.", "DCBA"];
    let plan = ListPlan {
        repeats: 5,
        ..ListPlan::default()
    };
    let run = drive(listwise(4, plan), |_, at| {
        Ok(Answer::Text(answers[at].to_owned()))
    })
    .unwrap();
    let reasons: Vec<Option<Reason>> = (run.lists.iter())
        .map(|list| list.order.as_ref().err().map(|unscored| unscored.reason))
        .collect();
    let unparsed = Some(Reason::Unparsed);
    assert_eq!(reasons, [None, unparsed, unparsed, unparsed, None]);
    assert_eq!(run.read().len(), 2);
}

#[test]
fn narrow_places_a_spent_budget_and_a_dead_backend_end_the_asking() {
    let narrow = ListPlan {
        repeats: 1_000,
        places: Some(1),
        ..ListPlan::default()
    };
    let run = drive(listwise(3, narrow), |shown, _| by_number(shown)).unwrap();
    assert_eq!(run.stop, RankStop::Narrow);
    assert!(run.asked < 1_000 && run.widths.unwrap().widest_places <= 1);
    let broke = ListPlan {
        repeats: 9,
        budget: Some(4),
        ..ListPlan::default()
    };
    let run = drive(listwise(3, broke), |shown, _| by_number(shown)).unwrap();
    assert_eq!((run.asked, run.stop), (4, RankStop::Budget));
    let dying = ListPlan {
        repeats: 9,
        at_once: 2,
        ..ListPlan::default()
    };
    let run = drive(listwise(3, dying), |shown, at| {
        if at >= 3 {
            return Err(Unscored::new(Reason::Backend, "gone"));
        }
        by_number(shown)
    })
    .unwrap();
    assert_eq!(
        (run.asked, run.stop, run.read().len()),
        (6, RankStop::Failed, 3)
    );
}

#[test]
fn a_plan_that_ranks_nothing_is_refused_by_name() {
    let plan = ListPlan::default();
    for (count, plan, part) in [
        (1, plan, "2 to 1024 items"),
        (
            3,
            ListPlan {
                budget: Some(0),
                ..plan
            },
            "budget of 0 lists",
        ),
        (
            40,
            ListPlan {
                budget: Some(1),
                ..plan
            },
            "does not show all",
        ),
        (3, ListPlan { repeats: 0, ..plan }, "repeats is 0"),
        (
            3,
            ListPlan {
                most_items: 1,
                ..plan
            },
            "takes 1 items",
        ),
        (3, ListPlan { ridge: 0.0, ..plan }, "above 0"),
    ] {
        let refused = Listwise::new(pictures(), Subject::default(), items(count), plan);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

/// A judge that favours what it is shown first, asked through the whole protocol.
#[test]
fn strengths_and_position_effect_of_a_biased_judge_are_recovered() {
    let (bias, runs) = (1.5, 10);
    let truth: Vec<f64> = (0..8).map(|item| 0.5 * f64::from(item) - 1.75).collect();
    let (mut effect, mut off) = (0.0, 0.0);
    for seed in 0..runs {
        let mut rng = CounterRng::new(seed, 3);
        let plan = ListPlan {
            repeats: 24,
            seed,
            ..ListPlan::default()
        };
        let run = drive(listwise(8, plan), |shown, _| {
            let mut seen: Vec<(f64, usize)> = (shown.iter().enumerate())
                .map(|(place, item)| {
                    let first = if place == 0 { bias } else { 0.0 };
                    let gumbel = -(-(1.0 - rng.uniform()).ln()).ln();
                    (truth[*item] + first + gumbel, place)
                })
                .collect();
            seen.sort_by(|one, other| other.0.total_cmp(&one.0));
            letters(&seen.iter().map(|(_, place)| *place).collect::<Vec<_>>())
        })
        .unwrap();
        let found = listed_strengths(8, &run.read(), 0.1).unwrap();
        effect += found.first_effect.unwrap().0 / runs as f64;
        let worst = found
            .values
            .iter()
            .zip(&truth)
            .map(|(ours, truth)| (ours - truth).abs());
        off += worst.sum::<f64>() / (8 * runs) as f64;
    }
    // Standard error of one run is about 0.25 for the effect and 0.25 for a strength.
    assert!((effect - bias).abs() < 0.2, "{effect}");
    assert!(off < 0.3, "{off}");
}
