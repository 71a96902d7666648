//! How the mass of each answer is read, and what a card allows and asks of the reading.

use super::WordError;

/// How the mass of each answer was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readout {
    /// A model whose outputs are exactly the allowed answers.
    ClosedSet,
    /// Logits of the label tokens alone, as benchmark authors release them; coverage is unknown.
    LabelLogits,
    /// Log-probabilities of exactly the label tokens, out of the whole vocabulary.
    LabelTokens,
    /// The most probable tokens that the engine lists; a label that is not listed is only bounded from above.
    TopTokens,
    /// Each label of several tokens forced as the answer, the log-probabilities of its tokens added up.
    ForcedSequence,
    /// Shares of the labels among answers drawn at random.
    Samples,
    /// The label found in one written answer; it says nothing of the other labels.
    ParsedText,
    /// An engine's own typed decision, with a probability for each option.
    TypedDecision,
    /// Softmax over scaled similarities of an image and the option's words, in a shared space.
    Similarity,
    /// A number, on the judge's own scale.
    Value,
}

impl Readout {
    /// Every readout.
    pub const ALL: [Readout; 10] = [
        Readout::ClosedSet,
        Readout::LabelLogits,
        Readout::LabelTokens,
        Readout::TopTokens,
        Readout::ForcedSequence,
        Readout::Samples,
        Readout::ParsedText,
        Readout::TypedDecision,
        Readout::Similarity,
        Readout::Value,
    ];

    /// The ladder for language models, best first: what an engine can do, and the card allows, is taken from the top.
    pub const LADDER: [Readout; 5] = [
        Readout::LabelTokens,
        Readout::TopTokens,
        Readout::ForcedSequence,
        Readout::Samples,
        Readout::ParsedText,
    ];

    /// Stable name in cards and reports.
    pub fn name(self) -> &'static str {
        match self {
            Readout::ClosedSet => "closed_set",
            Readout::LabelLogits => "label_logits",
            Readout::LabelTokens => "label_tokens",
            Readout::TopTokens => "top_tokens",
            Readout::ForcedSequence => "forced_sequence",
            Readout::Samples => "samples",
            Readout::ParsedText => "parsed_text",
            Readout::TypedDecision => "typed_decision",
            Readout::Similarity => "similarity",
            Readout::Value => "value",
        }
    }

    /// The readout of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Readout::ALL
            .into_iter()
            .find(|readout| readout.name() == name)
    }
}

/// Where in the generated text the label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerPlace {
    /// The very next token is the answer.
    Next,
    /// The judge writes first, reasoning or JSON, and the last label in its text is the answer.
    Last,
}

impl AnswerPlace {
    /// Stable name in cards.
    pub fn name(self) -> &'static str {
        match self {
            AnswerPlace::Next => "next",
            AnswerPlace::Last => "last",
        }
    }
}

/// What is done about labels of different lengths when each is forced as the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthCorrection {
    /// Nothing: the probability of the whole label.
    Sum,
    /// The mean log-probability of its tokens (ChEF's perplexity).
    Mean,
    /// The log-probability less that of the same label with no image (pointwise mutual information).
    Prior,
}

impl LengthCorrection {
    /// Stable name in cards.
    pub fn name(self) -> &'static str {
        match self {
            LengthCorrection::Sum => "sum",
            LengthCorrection::Mean => "mean",
            LengthCorrection::Prior => "prior",
        }
    }
}

/// How text is drawn from a language model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// How many answers are drawn when samples are read.
    pub samples: u32,
    /// Temperature of the draw; 0 always takes the most probable token.
    pub temperature: f64,
    /// Share of the probability that is drawn from, in (0, 1].
    pub top_p: f64,
    /// Most tokens of one written answer.
    pub most_tokens: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling {
            samples: 16,
            temperature: 1.0,
            top_p: 1.0,
            most_tokens: 512,
        }
    }
}

impl Sampling {
    /// Checks the ranges.
    ///
    /// # Errors
    /// No samples or tokens, a negative or infinite temperature, a share outside (0, 1].
    pub fn check(self) -> Result<Self, WordError> {
        let fault = if self.samples == 0 || self.samples > 256 {
            format!("samples is {}; it must lie in 1..=256", self.samples)
        } else if !(0.0..=10.0).contains(&self.temperature) {
            format!(
                "temperature of the draw is {}; it must lie in 0..=10",
                self.temperature
            )
        } else if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            format!("top_p is {}; it must lie in (0, 1]", self.top_p)
        } else if self.most_tokens == 0 {
            "most_tokens is 0; it must be at least 1".to_owned()
        } else {
            return Ok(self);
        };
        Err(WordError::new(fault))
    }
}

/// What a card allows and asks of the reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    allowed: Vec<Readout>,
    /// Where the label stands.
    pub place: AnswerPlace,
    /// How labels of several tokens are compared.
    pub length: LengthCorrection,
    /// How text is drawn.
    pub sampling: Sampling,
}

impl Default for Reading {
    fn default() -> Self {
        Reading {
            allowed: Readout::LADDER.to_vec(),
            place: AnswerPlace::Next,
            length: LengthCorrection::Sum,
            sampling: Sampling::default(),
        }
    }
}

impl Reading {
    /// A reading that climbs only these rungs of [`Readout::LADDER`].
    ///
    /// # Errors
    /// No rung, one twice, or a readout that is no rung of the ladder.
    pub fn new(
        allowed: Vec<Readout>,
        place: AnswerPlace,
        length: LengthCorrection,
        sampling: Sampling,
    ) -> Result<Self, WordError> {
        if allowed.is_empty() {
            return Err(WordError::new("a reading allows at least one readout"));
        }
        for (index, readout) in allowed.iter().enumerate() {
            if !Readout::LADDER.contains(readout) {
                let known: Vec<&str> = Readout::LADDER.iter().map(|rung| rung.name()).collect();
                return Err(WordError::new(format!(
                    "`{}` is not a choice of a card; those are {}",
                    readout.name(),
                    known.join(", ")
                )));
            }
            if allowed[..index].contains(readout) {
                return Err(WordError::new(format!(
                    "`{}` is allowed twice",
                    readout.name()
                )));
            }
        }
        Ok(Reading {
            allowed,
            place,
            length,
            sampling: sampling.check()?,
        })
    }

    /// Whether the card allows this readout.
    pub fn allows(&self, readout: Readout) -> bool {
        self.allowed.contains(&readout)
    }

    /// The rungs that the card allows, in the order of the ladder.
    pub fn rungs(&self) -> impl Iterator<Item = Readout> + '_ {
        Readout::LADDER
            .into_iter()
            .filter(|rung| self.allows(*rung))
    }

    /// All that an answer can depend on, as words for a digest.
    pub fn fingerprint(&self) -> String {
        let rungs: Vec<&str> = self.rungs().map(Readout::name).collect();
        let Sampling {
            samples,
            temperature,
            top_p,
            most_tokens,
        } = self.sampling;
        format!(
            "{} {} {} {samples} {temperature} {top_p} {most_tokens}",
            rungs.join(","),
            self.place.name(),
            self.length.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readout_names_are_read_back() {
        for readout in Readout::ALL {
            assert_eq!(Readout::from_name(readout.name()), Some(readout));
        }
        assert_eq!(Readout::from_name("guess"), None);
    }

    #[test]
    fn a_reading_names_rungs_of_the_ladder_once() {
        let reading = |allowed: Vec<Readout>| {
            Reading::new(
                allowed,
                AnswerPlace::Next,
                LengthCorrection::Sum,
                Sampling::default(),
            )
        };
        assert!(reading(vec![]).is_err());
        assert!(reading(vec![Readout::ClosedSet]).is_err());
        assert!(reading(vec![Readout::Samples, Readout::Samples]).is_err());
        let upside_down = reading(vec![Readout::ParsedText, Readout::TopTokens]).unwrap();
        assert_eq!(
            upside_down.rungs().collect::<Vec<_>>(),
            [Readout::TopTokens, Readout::ParsedText]
        );
    }

    #[test]
    fn a_draw_has_ranges() {
        let base = Sampling::default();
        for bad in [
            Sampling { samples: 0, ..base },
            Sampling {
                temperature: -1.0,
                ..base
            },
            Sampling {
                temperature: f64::NAN,
                ..base
            },
            Sampling { top_p: 0.0, ..base },
            Sampling {
                most_tokens: 0,
                ..base
            },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
