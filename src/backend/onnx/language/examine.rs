//! What would be right and wrong if a prompt were asked, found without running the model.

use super::conversation::Conversation;
use super::labels::{sequences, whole_tokens};
use super::model::Recipe;
use crate::backend::readout::Labels;
use crate::backend::{BackendError, Finding};
use crate::judging::{AnswerPlace, Options, Prompt, Readout, Wanted};

/// Letters of the end of a prompt that are shown.
const SHOWN: usize = 48;

impl Recipe {
    /// What the template makes of the prompt, and which tokens are read.
    pub(super) fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        let conversation = match self.speech.conversation(prompt, true) {
            Ok(conversation) => conversation,
            Err(error) => return vec![finding("template", false, error.to_string())],
        };
        let skipped = conversation.text.chars().count().saturating_sub(SHOWN);
        let end: String = conversation.text.chars().skip(skipped).collect();
        let mut findings = vec![
            finding(
                "template",
                true,
                format!(
                    "`{}` makes {} tokens of the prompt, which end in {end:?}",
                    self.speech.template.file(),
                    conversation.tokens.len()
                ),
            ),
            finding("image_tokens", true, self.pictures(&conversation)),
        ];
        if let Wanted::Options(options) = prompt.wanted() {
            findings.push(match self.labels(prompt, options, &conversation) {
                Ok((holds, detail)) => finding("labels", holds, detail),
                Err(error) => finding("labels", false, error.to_string()),
            });
        }
        findings
    }

    fn pictures(&self, conversation: &Conversation) -> String {
        let marks = self.speech.marks(&conversation.tokens);
        let each = match self.speech.config.features {
            Some(features) => format!("{features} features"),
            None => "as many features as the vision tower gives".to_owned(),
        };
        format!("{marks} image tokens, each replaced by {each}")
    }

    fn labels(
        &self,
        prompt: &Prompt,
        options: &Options,
        conversation: &Conversation,
    ) -> Result<(bool, String), BackendError> {
        let labels = Labels::new(options)?;
        let tokens = whole_tokens(options, &labels, &self.vocabulary);
        let named = |tokens: &[u32]| {
            let names = tokens.iter().map(|token| {
                let text = self.speech.words.token(*token).unwrap_or_default();
                format!("{token} `{text}`")
            });
            names.collect::<Vec<_>>().join(" + ")
        };
        let mut details = Vec::new();
        let mut all_whole = true;
        for (name, tokens) in options.names().zip(&tokens) {
            let each: Vec<String> = tokens.iter().map(|token| named(&[*token])).collect();
            all_whole &= !each.is_empty();
            details.push(format!("{name}: {}", each.join(", ")));
        }
        let reading = prompt.reading();
        if all_whole && (reading.allows(Readout::LabelTokens) || reading.place == AnswerPlace::Last)
        {
            return Ok((true, details.join("; ")));
        }
        let forced = sequences(&self.speech, conversation, options, &labels)?;
        let ways = options.names().zip(&forced).map(|(name, ways)| {
            let ways: Vec<String> = ways.iter().map(|tokens| named(tokens)).collect();
            format!("{name}: {}", ways.join(", "))
        });
        let ways = ways.collect::<Vec<_>>().join("; ");
        let readable = reading.allows(Readout::ForcedSequence)
            || reading.allows(Readout::Samples)
            || reading.allows(Readout::ParsedText);
        Ok(if readable {
            (
                true,
                format!("not every label is one token, so they are forced: {ways}"),
            )
        } else {
            (
                false,
                format!(
                    "not every label is one token; let the card allow `forced_sequence`: {ways}"
                ),
            )
        })
    }
}

fn finding(subject: &'static str, holds: bool, detail: String) -> Finding {
    Finding {
        subject,
        holds,
        detail,
    }
}
