//! Words for a preference between two things shown, as numbers.

/// The share of the preference that goes to the first: 1 for `A`, 0 for `B`, 0.5 for a tie.
///
/// ```text
/// A, [[A]], first, left, A>B -> 1     B, [[B]], second, right, B>A -> 0     C, [[C]], tie, equal, same, A=B -> 0.5
/// ```
pub(super) fn value(text: &str) -> Option<f64> {
    match text
        .trim_matches(['[', ']', ' '])
        .to_ascii_lowercase()
        .as_str()
    {
        "a" | "first" | "left" | "a>b" => Some(1.0),
        "b" | "second" | "right" | "b>a" => Some(0.0),
        "c" | "tie" | "tied" | "equal" | "same" | "draw" | "a=b" | "a=b=good" | "a=b=bad" => {
            Some(0.5)
        }
        _ => None,
    }
}

/// A place in words: 1 for `first` and `A`, 2 for `second` and `B`.
pub(super) fn place(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "first" | "left" | "a" => Some(1.0),
        "second" | "right" | "b" => Some(2.0),
        "third" | "c" => Some(3.0),
        "fourth" | "d" => Some(4.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_of_pairs_are_read_as_shares_of_the_first() {
        for (text, share) in [
            ("[[A]]", 1.0),
            ("second", 0.0),
            ("[[A=B=Bad]]", 0.5),
            ("Tie", 0.5),
        ] {
            assert_eq!(value(text), Some(share), "{text}");
        }
        assert_eq!(value("A or B"), None);
        assert_eq!(place("second"), Some(2.0));
    }
}
