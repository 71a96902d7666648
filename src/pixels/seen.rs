//! Pictures that were looked at, in order: which of them are nearly the same as an earlier one.

use super::Look;

/// Pictures so far, none nearly the same as another.
#[derive(Debug, Clone, Default)]
pub struct Seen(Vec<(String, Look)>);

/// A picture that is nearly the same as an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// Name of the earlier one.
    pub of: String,
    /// In how many of 64 bits their difference hashes differ.
    pub bits: u32,
}

impl Seen {
    /// Looks at the next picture, of this name; the nearest earlier one, where it is nearly the same.
    pub fn twin(&mut self, name: &str, look: &Look) -> Option<Twin> {
        let near = self.0.iter().filter(|(_, earlier)| earlier.is_near(look));
        let twin = near.min_by_key(|(_, earlier)| earlier.bits_apart(look));
        let twin = twin.map(|(of, earlier)| Twin {
            of: of.clone(),
            bits: earlier.bits_apart(look),
        });
        if twin.is_none() {
            self.0.push((name.to_owned(), *look));
        }
        twin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Rgb8;

    fn gray(shade: u8) -> Look {
        Look::of(&Rgb8::new(16, 16, vec![shade; 768]).unwrap())
    }

    #[test]
    fn the_second_of_two_is_the_duplicate_and_names_the_first() {
        let mut seen = Seen::default();
        assert_eq!(seen.twin("a", &gray(60)), None);
        assert_eq!(seen.twin("b", &gray(200)), None);
        let twin = seen.twin("c", &gray(62)).unwrap();
        assert_eq!((twin.of.as_str(), twin.bits), ("a", 0));
        // A duplicate is no candidate, so that nothing is a duplicate of it.
        assert_eq!(seen.twin("d", &gray(77)), None);
    }
}
