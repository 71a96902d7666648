//! Texts as judges write them, and the orders that they give.

use super::*;

fn key() -> Place {
    Place::Key("Judgement".into())
}

fn tag() -> Place {
    Place::Tag("order".into())
}

fn after() -> Place {
    Place::After("Final ranking:".into())
}

/// Tiers as words: `B A CD` has a tie of C and D.
fn read(place: Place, partial: Partial, text: &str, shown: usize) -> Result<String, String> {
    let reading = OrderReading::new(vec![place], partial).unwrap();
    let order = reading.read(text, shown).map_err(|unscored| {
        assert_eq!(unscored.reason, Reason::Unparsed);
        unscored.detail
    })?;
    let tier = |tier: &Vec<usize>| tier.iter().map(|place| label(*place)).collect::<String>();
    Ok(order.tiers.iter().map(tier).collect::<Vec<_>>().join(" "))
}

#[test]
fn a_table_of_texts_and_their_orders() {
    let cases = [
        // As judges of MLLM-as-a-Judge wrote them.
        (key(), "{Judgement: [B,A,C,D]}", "B A C D"),
        (key(), "{Judgement: CDAB", "C D A B"),
        (key(), "Judgement: CDAB</s>", "C D A B"),
        (Place::Brackets, "[[C]], [[A]], [[B]], [[D]]", "C A B D"),
        (Place::Brackets, "Rank: [[D], [C], [B], [A]] }}", "D C B A"),
        (Place::Last, "BACD", "B A C D"),
        // JSON, whole and broken.
        (
            key(),
            r#"{"Analysis": "A, B", "Judgement": "[[B]], [[A]], [[D]], [[C]]"}"#,
            "B A D C",
        ),
        (
            key(),
            r#"{"Judgement": ["D", "B", "A", "C"], "sure": 0.5}"#,
            "D B A C",
        ),
        (
            key(),
            r#"{"Judgement": "B > A > C = D", "best": "B"}"#,
            "B A CD",
        ),
        (key(), "```json\n{'Judgement': 'BACD'}\n```", "B A C D"),
        (
            key(),
            r#"{"Judgement": "[\"B\", \"A\", \"C\", \"D\"]"}"#,
            "B A C D",
        ),
        // Ties, and the other direction.
        (tag(), "<order>A = B > C ~ D</order>", "AB CD"),
        (tag(), "<order>D < C < B < A</order>", "A B C D"),
        (tag(), "<order>A=B=C=D</order>", "ABCD"),
        // Prose with a verdict, and lists.
        (
            after(),
            "A > B? Final ranking: B > A > D > C, since B is sharp.",
            "B A D C",
        ),
        (
            after(),
            "Final ranking:\n1. Image C\n2. Image A\n3. **Image B**\n4. Image D\n\nA is odd.",
            "C A B D",
        ),
        (after(), "Final ranking:\n- B\n- D\n- A\n- C", "B D A C"),
        (
            Place::Last,
            "A is dull. So I rank them C > B > D > A.",
            "C B D A",
        ),
        (
            Place::Last,
            "First A > B > C > D; looking again, B > A > C > D.\nI am sure.",
            "B A C D",
        ),
        (
            Place::Last,
            "My order: Image D, Image B, Image A, Image C.",
            "D B A C",
        ),
    ];
    for (place, text, expected) in cases {
        let found = read(place, Partial::Refuse, text, 4);
        assert_eq!(found.as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_order_of_all_is_not_read() {
    let cases = [
        (key(), "{Judgement: BAC}", "`D` is left out"),
        (key(), "{Judgement: BABC}", "`B` stands twice"),
        (key(), "{Judgement: BACE}", "no order"),
        (key(), "{Judgement: [B, A, C, D, E]}", "`E` was not shown"),
        (
            key(),
            r#"{"Judgement": "B > A > C > D or D > A > B > C"}"#,
            "two different orders",
        ),
        (key(), r#"{"Judgement": "B > A > C > D"#, "no order"),
        (
            key(),
            r#"{"Judgement": "the first", "x": "BACD"}"#,
            "no order",
        ),
        (
            key(),
            r#"{"Judgement": [["A", "B"], "C", "D"]}"#,
            "a list within a list",
        ),
        (tag(), "BACD", "no order"),
        (
            tag(),
            "<order>A > B < C > D</order>",
            "other marks of order",
        ),
        (after(), "Final ranking: 2. B\n1. A", "no order"),
        (after(), "Final ranking: 1. B\n3. A\n4. C\n5. D", "numbered"),
        (Place::Brackets, "I rank [[B]] best.", "no order"),
        (Place::Last, "I prefer A, B over C and D.", "is left out"),
        (
            Place::Last,
            "B > C > D\nA photo of a cat.",
            "`A` is left out",
        ),
        (Place::Last, "All four are good.", "no order"),
        (
            Place::Last,
            "I'm sorry, but I can't rank these.",
            "no order",
        ),
        (Place::Last, "", "no order"),
    ];
    for (place, text, part) in cases {
        let fault = read(place, Partial::Refuse, text, 4).expect_err(text);
        assert!(fault.contains(part), "{text}: {fault}");
    }
}

#[test]
fn a_partial_order_is_read_where_the_card_allows_it() {
    let allow = |text| read(key(), Partial::Allow, text, 4);
    assert_eq!(allow("{Judgement: BD}").as_deref(), Ok("B D"));
    assert_eq!(allow("{Judgement: C = A > D}").as_deref(), Ok("CA D"));
    assert!(allow("{Judgement: BB}").is_err() && allow("{Judgement: B}").is_err());
    let loose = OrderReading::new(vec![Place::Last], Partial::Allow);
    assert!(loose.unwrap_err().to_string().contains("any sentence"));
    assert!(OrderReading::new(vec![], Partial::Refuse).is_err());
    assert!(OrderReading::new(vec![Place::Tag(" ".into())], Partial::Refuse).is_err());
}

#[test]
fn places_are_tried_in_their_order() {
    let reading =
        OrderReading::new(vec![key(), Place::Brackets, Place::Last], Partial::Refuse).unwrap();
    let text = r#"{"Judgement": "B is best, so [[B]], [[A]]"}"#;
    assert_eq!(reading.read(text, 2).unwrap().tiers, [[1], [0]]);
    assert_eq!(reading.read("B then A: BA", 2).unwrap().tiers, [[1], [0]]);
}
