use super::{Combine, Missing, Policy};

const GOOD: &str = r#"
format = 1
id = "portrait"
version = "1.0.0"

[[dimension]]
name = "quality"

[[dimension.stage]]
judge = "technical-quality"
accept = 0.8
reject = 0.3

[[dimension]]
name = "safe"
safety = true
reason = "unsafe"

[[dimension.stage]]
judge = "safety@engine"
better = "lower"
accept = 0.1
reject = 0.5
"#;

#[test]
fn a_policy_is_read_with_its_defaults() {
    let policy = Policy::parse("portrait.toml", GOOD).unwrap();
    assert_eq!(policy.combine, Combine::All);
    assert_eq!(policy.missing, Missing::Review);
    assert!(policy.tripwires.black && policy.tripwires.least_side.is_none());
    assert_eq!(policy.dimensions[1].reason, "unsafe");
    assert_eq!(policy.dimensions[0].stages[0].reject, Some(0.3));
    let again = Policy::parse("other.toml", GOOD).unwrap();
    assert_eq!(again.digest, policy.digest);
}

#[test]
fn what_does_not_hold_is_refused_with_its_line() {
    let cases = [
        (
            "reject = 0.3",
            "reject = 0.9",
            Some(12),
            "contradictory bounds",
        ),
        (
            "reject = 0.5",
            "reject = 0.05",
            Some(23),
            "contradictory bounds",
        ),
        ("accept = 0.8", "accept = nan", Some(11), "finite"),
        ("format = 1", "format = 2", Some(2), "format is not known"),
        (
            "id = \"portrait\"",
            "id = \"Portrait \"",
            Some(3),
            "lower-case",
        ),
        (
            "version = \"1.0.0\"",
            "version = \"1\"",
            Some(4),
            "three numbers",
        ),
        (
            "version = \"1.0.0\"",
            "version = \"1.0.0\"\naccept = 0.4",
            Some(5),
            "where scores are combined",
        ),
        (
            "version = \"1.0.0\"",
            "version = \"1.0.0\"\ncombine = \"min\"",
            Some(1),
            "need `accept`",
        ),
        (
            "safety = true",
            "safety = true\nweight = 2.0",
            Some(17),
            "never averaged",
        ),
        (
            "safety = true",
            "safety = true\nrequired = false",
            Some(15),
            "always required",
        ),
        (
            "name = \"safe\"",
            "name = \"quality\"",
            Some(14),
            "two dimensions",
        ),
        (
            "judge = \"technical-quality\"",
            "judge = \"technical-quality\"\nacept = 1",
            Some(11),
            "unknown field",
        ),
    ];
    for (part, other, line, message) in cases {
        let text = GOOD.replacen(part, other, 1);
        let error = Policy::parse("portrait.toml", &text).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert_eq!(error.line, line, "{error}");
    }
    let none = GOOD.split("[[dimension]]").next().unwrap();
    assert!(
        Policy::parse("p", none)
            .unwrap_err()
            .message
            .contains("at least one")
    );
}
