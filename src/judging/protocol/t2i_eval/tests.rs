use super::*;
use crate::judging::checklist::WantedAnswer;
use crate::judging::t2i_eval::AspectQuestion;
use crate::judging::{
    Answer, Choice, Coverage, Part, Prompt, Question, Reading, Readout, Temperature, Template,
    Wanted,
};

fn asked(id: &str, aspect: Aspect, closed: Option<WantedAnswer>) -> AspectQuestion {
    AspectQuestion {
        id: id.to_owned(),
        aspect,
        text: format!("what of {id}?"),
        about: vec![],
        closed,
    }
}

fn run(questions: Vec<AspectQuestion>, settings: StageSettings) -> T2iEval {
    let names = ["question".to_owned()];
    let recipe = ChooseRecipe {
        question: Question {
            system: None,
            text: Template::parse("<image>{question}", &names).unwrap(),
            answer_prefix: None,
            reading: Reading::default(),
        },
        temperature: Temperature::ONE,
        least_coverage: Coverage::new(0.5).unwrap(),
    };
    let extracted = Extracted::new(vec![], vec![], questions).unwrap();
    let image = Image::new(&b"image"[..]);
    T2iEval::new(
        Arc::new(recipe),
        image,
        "a cat".to_owned(),
        extracted,
        settings,
    )
}

/// Answers a prompt: numbers by a sharp choice of 7, options by their first, texts by the shape that they ask for.
fn reply(prompt: &Prompt) -> Answered {
    if let Wanted::Options(options) = prompt.wanted() {
        let most = if options.len() == 11 { 7 } else { 0 };
        let masses = (0..options.len()).map(|at| if at == most { 0.0 } else { -50.0 });
        let coverage = Some(Coverage::FULL);
        let choice = Choice::new(masses.collect(), coverage, Readout::LabelTokens).unwrap();
        return Ok(Answer::Choice(choice));
    }
    let words = words(prompt);
    let text = if words.contains("one line of four") {
        "5 6 N/A 4"
    } else if words.contains("- score:") {
        "- explanation: so\n- score: 6"
    } else if words.contains("- answer:") {
        "- answer: a cat"
    } else {
        "- explanation: so"
    };
    Ok(Answer::Text(text.to_owned()))
}

fn words(prompt: &Prompt) -> String {
    let parts = prompt.parts().iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Image(_) => "",
    });
    parts.collect()
}

/// Runs to the end; gives the number of questions of every step, the outcome and the stages that were told of.
fn finish(
    mut run: T2iEval,
    reply: impl Fn(&Prompt) -> Answered,
) -> (Vec<usize>, StagedEvaluation, Vec<StageReport>) {
    let (mut answers, mut steps, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let step = run.step(answers);
        reports.extend(run.reports());
        match step {
            Step::Done(outcome) => return (steps, outcome, reports),
            Step::Ask(prompts) => {
                steps.push(prompts.len());
                answers = prompts.iter().map(&reply).collect();
            }
        }
    }
}

fn three() -> Vec<AspectQuestion> {
    vec![
        asked("look", Aspect::Appearance, None),
        asked("color", Aspect::Intrinsic, None),
        asked("place", Aspect::Relationship, None),
    ]
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-9)
}

#[test]
fn scores_are_asked_for_apart_or_together() {
    let apart = StageSettings::default();
    let (steps, outcome, reports) = finish(run(three(), apart), reply);
    // Answers; the score of the look; evaluations; their scores.
    assert_eq!(steps, [3, 1, 2, 2]);
    assert!(near(outcome.overall.clone().ok(), 7.0), "{outcome:?}");
    assert_eq!(outcome.questions[1].answer.as_deref(), Some("a cat"));
    assert_eq!(outcome.questions[1].readout, Some(Readout::LabelTokens));
    let stages: Vec<&str> = reports.iter().map(|one| one.stage).collect();
    assert_eq!(stages[..4], ["answer"; 4]);
    assert_eq!(stages.last(), Some(&"done"));

    let together = StageSettings {
        two_stage: false,
        ..apart
    };
    let (steps, outcome, _) = finish(run(three(), together), reply);
    assert_eq!(steps, [3, 2]);
    assert!(near(outcome.overall.ok(), 6.0));
    assert_eq!(outcome.questions[1].readout, Some(Readout::ParsedText));
}

#[test]
fn a_written_number_is_that_number() {
    let (_, outcome, _) = finish(
        run(three(), StageSettings::default()),
        |prompt| match prompt.wanted() {
            Wanted::Options(options) => {
                Ok(Answer::Choice(Choice::parsed(9, options.len()).unwrap()))
            }
            Wanted::Text | Wanted::Value => reply(prompt),
        },
    );
    assert!(near(outcome.overall.ok(), 9.0));
    assert_eq!(outcome.questions[0].readout, Some(Readout::ParsedText));
}

#[test]
fn the_judge_may_sum_up_itself() {
    let model = |two_stage, aggregation| StageSettings {
        two_stage,
        aggregation,
        retries: 0,
        ..StageSettings::default()
    };
    let (steps, outcome, _) = finish(run(three(), model(true, Aggregation::Model)), reply);
    // Four steps of questions, then three summaries, their scores, the whole, its score.
    assert_eq!(steps, [3, 1, 2, 2, 3, 3, 1, 1]);
    assert!(near(outcome.summary.score, 7.0));
    assert_eq!(outcome.summary.explanation.as_deref(), Some("so"));
    let (steps, outcome, _) = finish(run(three(), model(false, Aggregation::ModelJoint)), reply);
    assert_eq!(steps, [3, 2, 1]);
    let scores = outcome.aspects.each_ref().map(|one| one.score);
    assert_eq!(scores, [Some(5.0), Some(6.0), None]);
    assert!(near(outcome.overall.ok(), 4.0));
}

#[test]
fn a_closed_question_needs_nobody_to_compare() {
    let colours = WantedAnswer::Choice {
        options: ["red", "blue"].map(str::to_owned).to_vec(),
        right: 1,
    };
    let questions = vec![
        asked("color", Aspect::Intrinsic, Some(colours)),
        asked("there", Aspect::Intrinsic, Some(WantedAnswer::Yes)),
    ];
    let (steps, outcome, _) = finish(run(questions, StageSettings::default()), reply);
    assert_eq!(steps, [2]);
    // The first option is chosen: red, which is wrong, and yes.
    assert!(near(outcome.overall.clone().ok(), 5.0), "{outcome:?}");
    assert_eq!(outcome.wrong, [0]);
    assert_eq!(outcome.questions[0].answer.as_deref(), Some("red"));
}

#[test]
fn a_failed_stage_stays_failed_and_is_named() {
    let settings = StageSettings {
        two_stage: false,
        retries: 1,
        ..StageSettings::default()
    };
    let (steps, outcome, reports) = finish(run(three(), settings), |prompt| {
        if words(prompt).contains("# Evaluation") {
            return Ok(Answer::Text("it matches well".to_owned()));
        }
        reply(prompt)
    });
    // Both evaluations are asked a second time, and then given up.
    assert_eq!(steps, [3, 2, 2]);
    let failed = outcome.overall.unwrap_err();
    assert_eq!(failed.reason, Reason::Unparsed);
    assert!(
        failed
            .detail
            .starts_with("evaluate, `color`: evaluate: no `score: ...`"),
        "{failed}"
    );
    assert_eq!(reports.iter().filter(|one| one.failed.is_some()).count(), 5);
    // What was found before is kept.
    assert_eq!(outcome.questions[0].score, Some(6.0));

    let (steps, outcome, _) = finish(run(three(), settings), |_| {
        Err(Unscored::new(Reason::Budget, "spent"))
    });
    assert_eq!(steps, [3]);
    assert_eq!(outcome.overall.unwrap_err().reason, Reason::Budget);
}

#[test]
fn what_does_not_apply_is_left_out_and_nothing_at_all_is_no_score() {
    let settings = StageSettings {
        two_stage: false,
        ..StageSettings::default()
    };
    let not_applicable = |prompt: &Prompt| match words(prompt) {
        words if words.contains("# Evaluation") && words.contains("place?") => {
            Ok(Answer::Text("- explanation: none\n- score: N/A".to_owned()))
        }
        _ => reply(prompt),
    };
    let (_, outcome, _) = finish(run(three(), settings), not_applicable);
    assert_eq!(outcome.questions[2].score, None);
    assert_eq!(outcome.aspects[2].score, None);
    assert!(near(outcome.overall.ok(), 6.0));
    let only = vec![asked("place", Aspect::Relationship, None)];
    let (_, outcome, _) = finish(run(only, settings), not_applicable);
    assert_eq!(outcome.overall.unwrap_err().reason, Reason::NotApplicable);
}

#[test]
fn a_mean_stands_for_a_failed_question_only_where_it_is_named() {
    let colors = || {
        vec![
            asked("look", Aspect::Appearance, None),
            asked("red", Aspect::Intrinsic, None),
            asked("blue", Aspect::Intrinsic, None),
        ]
    };
    let by = |missing, aggregation| StageSettings {
        retries: 0,
        missing,
        aggregation,
        ..StageSettings::default()
    };
    let with = |questions, settings, reason| {
        let fails = |prompt: &Prompt| {
            if words(prompt).contains("what of blue?") {
                Err(Unscored::new(reason, "no"))
            } else {
                reply(prompt)
            }
        };
        finish(run(questions, settings), fails)
    };
    let mean = by(MissingScore::Mean, Aggregation::Mean);
    let (steps, outcome, _) = with(colors(), mean, Reason::Unparsed);
    // The one that failed is not asked about any more.
    assert_eq!(steps, [3, 1, 1, 1]);
    assert!(near(outcome.overall.clone().ok(), 7.0), "{outcome:?}");
    assert!(near(outcome.aspects[1].score, 7.0), "{outcome:?}");
    assert_eq!((outcome.imputed, outcome.questions[2].score), (1, None));
    assert!(outcome.questions[2].failed.is_some());

    let unnamed = by(MissingScore::Unscored, Aggregation::Mean);
    // A judge sums up what was seen, and has no mean to sum up.
    let by_judge = by(MissingScore::Mean, Aggregation::Model);
    let alone = || {
        vec![
            asked("look", Aspect::Appearance, None),
            asked("blue", Aspect::Intrinsic, None),
        ]
    };
    for (questions, settings, reason) in [
        (colors(), unnamed, Reason::Unparsed),
        (colors(), by_judge, Reason::Unparsed),
        (colors(), mean, Reason::Budget),
        (colors(), mean, Reason::Deadline),
        (alone(), mean, Reason::Unparsed),
    ] {
        let (_, outcome, _) = with(questions, settings, reason);
        assert_eq!(outcome.overall.unwrap_err().reason, reason, "{settings:?}");
        assert_eq!(outcome.imputed, 0);
    }
}
