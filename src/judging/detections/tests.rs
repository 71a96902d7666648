//! Worked scenes, and what is refused.

use super::*;

fn object(class: &str, confidence: f64, [x, y]: [f64; 2], colour: Option<&str>) -> Detection {
    Detection {
        class: class.to_owned(),
        confidence,
        corners: [x, y, x + 10.0, y + 10.0],
        colour: colour.map(str::to_owned),
    }
}

fn wanted(class: &str, count: usize) -> Requirement {
    Requirement {
        class: class.to_owned(),
        count,
        colour: None,
        position: None,
    }
}

fn scene(
    detections: &[Detection],
    include: &[Requirement],
    exclude: &[Requirement],
) -> DetectedScene {
    let scene = DetectedScene::new(
        include.to_vec(),
        exclude.to_vec(),
        detections.to_vec(),
        None,
    );
    scene.unwrap()
}

fn reasons(
    detections: &[Detection],
    include: &[Requirement],
    exclude: &[Requirement],
) -> Vec<String> {
    let found = scene(detections, include, exclude).check(&DetectionRules::default());
    found.unwrap().reasons().map(str::to_owned).collect()
}

#[test]
fn numbers_are_counted_with_the_right_confidence() {
    let cats = [
        object("cat", 0.95, [0.0, 0.0], None),
        object("cat", 0.5, [50.0, 0.0], None),
    ];
    assert!(reasons(&cats, &[wanted("cat", 2)], &[]).is_empty());
    assert_eq!(
        reasons(&cats, &[wanted("cat", 3)], &[]),
        ["expected cat>=3, found 2"]
    );
    assert_eq!(
        reasons(&cats, &[wanted("cat", 2)], &[wanted("cat", 2)]),
        ["expected cat<2, found 2"]
    );
    let two = scene(&cats, &[wanted("cat", 2)], &[]);
    let counting = two.check(&DetectionRules::of(Task::Counting)).unwrap();
    assert!(!counting.is_correct());
    assert_eq!(
        counting.elements,
        [ElementFound {
            found: 1,
            reason: Some("expected cat>=2, found 1".to_owned())
        }]
    );
    // Nothing that was seen is wrong, and no fault.
    assert_eq!(
        reasons(&[], &[wanted("cat", 1)], &[wanted("dog", 1)]),
        ["expected cat>=1, found 0"]
    );
    // At most 16 of a class count, so that no more can be asked for.
    let many: Vec<Detection> = vec![cats[0].clone(); 20];
    assert_eq!(
        reasons(&many, &[wanted("cat", 17)], &[]),
        ["expected cat>=17, found 16"]
    );
}

#[test]
fn colours_are_those_of_the_surest_objects() {
    let cars = [
        object("car", 0.8, [50.0, 0.0], Some("blue")),
        object("car", 0.9, [0.0, 0.0], Some("red")),
    ];
    let blue = |count| Requirement {
        colour: Some("blue".to_owned()),
        ..wanted("car", count)
    };
    // The benchmark looks at as many as were asked for, the surest first.
    assert_eq!(
        reasons(&cars, &[blue(1)], &[]),
        ["expected blue car>=1, found 0 blue; and 1 red"]
    );
    assert_eq!(
        reasons(&cars, &[blue(2)], &[]),
        ["expected blue car>=2, found 1 blue; and 1 red, 1 blue"]
    );
    let unsaid = [
        object("dog", 0.9, [0.0, 0.0], None),
        object("car", 0.9, [0.0, 0.0], None),
    ];
    let fault = scene(&unsaid, &[blue(1)], &[]).check(&DetectionRules::default());
    let fault = fault.unwrap_err();
    assert_eq!(
        (fault.list, fault.at, fault.field),
        ("detections", 1, "color")
    );
    // Where too few are there, their colours do not matter.
    assert_eq!(
        reasons(&unsaid, &[blue(2)], &[]),
        ["expected car>=2, found 1"]
    );
}

#[test]
fn places_are_told_by_centres() {
    let right_of = |place| {
        let objects = [
            object("dog", 0.9, [50.0, 50.0], None),
            object("bench", 0.9, place, None),
        ];
        let bench = Requirement {
            position: Some((Relation::RightOf, 0)),
            ..wanted("bench", 1)
        };
        reasons(&objects, &[wanted("dog", 1), bench], &[])
    };
    assert!(right_of([90.0, 52.0]).is_empty());
    assert_eq!(
        right_of([10.0, 50.0]),
        ["expected bench right of target, found left of target"]
    );
    // Too near: an offset within a tenth of both sizes is no relation at all.
    assert_eq!(
        right_of([51.5, 50.0]),
        ["expected bench right of target, found no relation to target"]
    );
    let above = Requirement {
        position: Some((Relation::Above, 0)),
        ..wanted("bench", 1)
    };
    let alone = [object("bench", 0.9, [0.0, 0.0], None)];
    assert_eq!(
        reasons(&alone, &[wanted("dog", 1), above], &[]),
        [
            "expected dog>=1, found 0",
            "no target for bench to be above"
        ]
    );
}

#[test]
fn what_is_no_detection_or_requirement_names_its_place() {
    let cat = object("cat", 0.9, [0.0, 0.0], None);
    let one = wanted("cat", 1);
    let of = |include: &Requirement, exclude: Option<&Requirement>, found: &Detection| {
        let size = Some([64.0, 64.0]);
        let exclude = exclude.cloned().into_iter().collect();
        let fault = DetectedScene::new(vec![include.clone()], exclude, vec![found.clone()], size);
        fault.map_err(|fault| (fault.list, fault.field)).err()
    };
    assert_eq!(of(&one, None, &cat), None);
    let ahead = Requirement {
        position: Some((Relation::Above, 0)),
        ..one.clone()
    };
    let strange = Requirement {
        colour: Some("teal".to_owned()),
        ..one.clone()
    };
    for (wrong, field) in [
        (wanted("cat", 0), "count"),
        (wanted(" ", 1), "class"),
        (ahead.clone(), "position"),
        (strange, "color"),
    ] {
        assert_eq!(of(&wrong, None, &cat), Some(("include", field)));
    }
    for (wrong, field) in [(wanted("dog", 0), "count"), (ahead, "position")] {
        assert_eq!(of(&one, Some(&wrong), &cat), Some(("exclude", field)));
    }
    let boxed = |corners| Detection {
        corners,
        ..cat.clone()
    };
    for (wrong, field) in [
        (object("cat", 1.5, [0.0, 0.0], None), "score"),
        (object("cat", f64::NAN, [0.0, 0.0], None), "score"),
        (boxed([5.0, 0.0, 4.0, 1.0]), "box"),
        (boxed([0.0, f64::NAN, 4.0, 1.0]), "box"),
        (boxed([0.0, 0.0, 65.0, 10.0]), "box"),
        (boxed([-3.0, 0.0, 5.0, 10.0]), "box"),
        (object("", 0.9, [0.0, 0.0], None), "class"),
        (object("cat", 0.9, [0.0, 0.0], Some("teal")), "color"),
    ] {
        assert_eq!(of(&one, None, &wrong), Some(("detections", field)));
    }
    let nothing = DetectedScene::new(vec![], vec![], vec![cat], None).unwrap_err();
    assert_eq!((nothing.list, nothing.at), ("include", 0));
}

#[test]
fn the_whole_is_the_mean_over_tasks_and_intervals_count_prompts() {
    let picture = |task, prompt: &str, correct| CheckedPicture {
        task,
        prompt: prompt.to_owned(),
        correct,
    };
    let mut pictures = vec![picture(Task::Counting, "two cats", false)];
    for (prompt, right) in [("a", 4), ("b", 2), ("c", 3)] {
        pictures.extend((0..4).map(|n| picture(Task::SingleObject, prompt, n < right)));
    }
    let found = DetectionSummary::of(&pictures).unwrap();
    let [single, counting] = &found.tasks[..] else {
        panic!("two tasks have pictures")
    };
    assert_eq!((single.images, single.correct, single.prompts), (12, 9, 3));
    assert!((single.share.value - 0.75).abs() < 1e-15);
    // Shares of the prompts are 1, .5 and .75, whose mean has the standard error .25 / sqrt(3); t.ppf(.975, 2) = 4.302652729749462 (scipy 1.17.1).
    let interval = single.share.interval.as_ref().unwrap();
    let low = 0.75 - 4.302_652_729_749_462 * 0.25 / 3.0_f64.sqrt();
    assert!((interval.low - low).abs() < 1e-9, "{interval:?}");
    assert!((interval.high - 1.0).abs() < 1e-15);
    assert_eq!((counting.correct, &counting.share.interval), (0, &None));
    assert!((found.overall.value - 0.375).abs() < 1e-15);
    // One prompt alone says nothing of the spread of its task, and so nothing of the whole.
    assert_eq!(found.overall.interval, None);
    assert_eq!(
        (
            found.images(),
            found.correct(),
            found.prompts(),
            found.prompts_met
        ),
        (13, 9, 4, 3)
    );
    pictures.push(picture(Task::Counting, "three dogs", true));
    let found = DetectionSummary::of(&pictures).unwrap();
    let whole = found.overall.interval.unwrap();
    // sqrt(.25^2 / 3 + .5^2) / 2 = .2602..., t.ppf(.975, 3) = 3.182446305284263.
    let reach = 3.182_446_305_284_263 * (0.25_f64.powi(2) / 3.0 + 0.25).sqrt() / 2.0;
    assert!((whole.high - (0.625 + reach).min(1.0)).abs() < 1e-9);
    assert!(
        (whole.low - (0.625 - reach).max(0.0)).abs() < 1e-9,
        "{whole:?}"
    );
    assert_eq!(DetectionSummary::of(&[]), None);
}
