//! Which rung of the ladder a closed question is read on, and the reading itself.

use futures::future::join_all;

use super::options::Flavour;
use super::probe::Known;
use super::request::{Ask, chat_body};
use super::{Chat, llama, vllm};
use crate::backend::BackendError;
use crate::backend::readout::{
    ChatReply, Extent, Forced, Labels, Position, check_reply, last_position, read_forced,
    read_parsed, read_position, read_samples, replies_of,
};
use crate::judging::{
    AnswerPlace, Choice, LengthCorrection, Options, Part, Prompt, Readout, Sampling,
};

/// How many tokens llama.cpp lists at each place of a written answer; it has no limit of its own.
const LLAMA_TOP: u32 = 100;

/// Why a rung does not bear this question.
pub(super) enum Rung {
    /// The next one may.
    NotHere(String),
    /// The server was asked, and this is how it ended.
    Ended(BackendError),
}

impl From<BackendError> for Rung {
    fn from(error: BackendError) -> Self {
        Rung::Ended(error)
    }
}

/// The rungs that a server has.
pub(super) fn readouts(known: &Known) -> Vec<Readout> {
    Readout::LADDER
        .into_iter()
        .filter(|rung| match rung {
            Readout::LabelTokens => known.by_id,
            Readout::TopTokens => known.top > 0,
            Readout::ForcedSequence => known.forced,
            Readout::Samples | Readout::ParsedText => true,
            Readout::ClosedSet
            | Readout::LabelLogits
            | Readout::TypedDecision
            | Readout::Similarity
            | Readout::Value => false,
        })
        .collect()
}

/// Reads a closed question on the first rung that the server has, the card allows and the labels bear.
///
/// # Errors
/// [`BackendError::CannotAnswer`] naming both sides when there is no such rung; else whatever the reading met.
pub(super) async fn climb(
    chat: &Chat,
    known: &Known,
    prompt: &Prompt,
    options: &Options,
) -> Result<Choice, BackendError> {
    let here = readouts(known);
    let labels = Labels::new(options)?;
    let mut passed = Vec::new();
    for rung in prompt.reading().rungs().filter(|rung| here.contains(rung)) {
        let question = Question {
            chat,
            known,
            prompt,
            options,
            labels: &labels,
        };
        match question.read(rung).await {
            Ok(choice) => return Ok(choice),
            Err(Rung::Ended(error)) => return Err(error),
            Err(Rung::NotHere(why)) => passed.push(format!("{}: {why}", rung.name())),
        }
    }
    let names = |rungs: &mut dyn Iterator<Item = Readout>| {
        rungs.map(Readout::name).collect::<Vec<_>>().join(", ")
    };
    let mut message = format!(
        "the card allows {}, and the server has {}",
        names(&mut prompt.reading().rungs()),
        names(&mut here.into_iter())
    );
    if !passed.is_empty() {
        message.push_str(&format!("; {}", passed.join("; ")));
    }
    Err(chat.cannot(message))
}

/// A closed question on its way up the ladder.
struct Question<'a> {
    chat: &'a Chat,
    known: &'a Known,
    prompt: &'a Prompt,
    options: &'a Options,
    labels: &'a Labels,
}

impl Question<'_> {
    async fn read(&self, rung: Readout) -> Result<Choice, Rung> {
        match rung {
            Readout::LabelTokens => self.label_tokens().await,
            Readout::TopTokens => self.top_tokens().await,
            Readout::ForcedSequence => self.forced_sequence().await,
            Readout::Samples => Ok(self.samples().await?),
            Readout::ParsedText => Ok(self.parsed_text().await?),
            Readout::ClosedSet
            | Readout::LabelLogits
            | Readout::TypedDecision
            | Readout::Similarity
            | Readout::Value => Err(Rung::NotHere("it is no rung of the ladder".into())),
        }
    }

    async fn label_tokens(&self) -> Result<Choice, Rung> {
        if self.prompt.reading().place == AnswerPlace::Last {
            return Err(Rung::NotHere(
                "the label stands somewhere in a written answer".into(),
            ));
        }
        let labels = self.tokenised().await?;
        let position = match self.known.flavour {
            Flavour::LlamaCpp => self.llama_position(&labels).await?,
            Flavour::Vllm
            | Flavour::Sglang
            | Flavour::Ollama
            | Flavour::OpenAi
            | Flavour::Azure
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => {
                let (server, top) = (&self.chat.server, self.known.top);
                vllm::next_token(server, self.prompt, &labels, top).await?
            }
        };
        Ok(read_position(&position, &labels, Readout::LabelTokens)?)
    }

    /// The labels with their tokens.
    async fn tokenised(&self) -> Result<Labels, Rung> {
        let sequences = match self.known.flavour {
            Flavour::LlamaCpp => {
                let rendered = self.chat.rendered(self.prompt, self.options).await?;
                rendered.sequences()
            }
            Flavour::Vllm
            | Flavour::Sglang
            | Flavour::Ollama
            | Flavour::OpenAi
            | Flavour::Azure
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => vllm::sequences(&self.chat.server, self.options).await?,
        };
        self.labels
            .clone()
            .with_tokens(&sequences)
            .map_err(|clash| {
                Rung::NotHere(format!(
                    "`{}` and `{}` begin with the same token",
                    clash.first, clash.second
                ))
            })
    }

    async fn llama_position(&self, labels: &Labels) -> Result<Position, Rung> {
        let images: Vec<_> = self.prompt.images().cloned().collect();
        let rendered = self.chat.rendered(self.prompt, self.options).await?;
        let server = &self.chat.server;
        let found = llama::next_token(server, self.known, &rendered, labels, &images).await;
        let found = match found {
            Err(BackendError::Failed { .. }) => {
                // The server may have been started again since the prompt was rendered.
                self.chat.forget(self.prompt);
                let fresh = self.chat.rendered(self.prompt, self.options).await?;
                if fresh == rendered {
                    found
                } else {
                    llama::next_token(server, self.known, &fresh, labels, &images).await
                }
            }
            _ => found,
        };
        Ok(found?)
    }

    async fn top_tokens(&self) -> Result<Choice, Rung> {
        let place = self.prompt.reading().place;
        let labels = match self.known.tokenizer && place == AnswerPlace::Next {
            true => self.tokenised().await?,
            false => self.labels.clone(),
        };
        if let Some(clash) = self.labels.nested().filter(|_| !labels.is_tokenised()) {
            return Err(Rung::NotHere(format!(
                "`{}` may be the beginning of `{}`, and there is no tokenizer to ask",
                clash.first, clash.second
            )));
        }
        let top = match self.known.flavour {
            Flavour::LlamaCpp => LLAMA_TOP,
            Flavour::Vllm
            | Flavour::Sglang
            | Flavour::Ollama
            | Flavour::OpenAi
            | Flavour::Azure
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => self.known.top,
        };
        let ask = match place {
            AnswerPlace::Next => Ask::greedy(1, Some(top)),
            AnswerPlace::Last => Ask {
                top: Some(top),
                ..Ask::drawn(
                    &self.prompt.reading().sampling,
                    u64::from(self.prompt.repeat()),
                )
            },
        };
        let reply = self.ask(ask).await?;
        check_reply(&reply)?;
        let positions = reply.positions.as_deref().unwrap_or_default();
        let position = match (place, positions.first()) {
            (_, None) => {
                return Err(Rung::Ended(BackendError::Unreadable {
                    message: "the server listed tokens when it was probed and lists none now"
                        .into(),
                }));
            }
            (AnswerPlace::Next, Some(first)) => first.clone(),
            (AnswerPlace::Last, Some(_)) => last_position(positions, &reply.text, &labels)?,
        };
        Ok(read_position(
            &position.with_extent(Extent::Top),
            &labels,
            Readout::TopTokens,
        )?)
    }

    async fn forced_sequence(&self) -> Result<Choice, Rung> {
        if self.prompt.reading().place == AnswerPlace::Last {
            return Err(Rung::NotHere(
                "a label cannot be forced at the end of an answer that is not written yet".into(),
            ));
        }
        let length = self.prompt.reading().length;
        let mut forced = self.force(self.prompt).await?;
        if length == LengthCorrection::Prior {
            let parts = self.prompt.parts().iter();
            let words: Vec<Part> = parts
                .filter(|part| matches!(part, Part::Text(_)))
                .cloned()
                .collect();
            let blind = Prompt::new(words, self.prompt.wanted().clone())
                .map_err(|_| {
                    Rung::NotHere("without its image nothing is left of the prompt".into())
                })?
                .with_system(self.prompt.system().map(str::to_owned))
                .with_answer_prefix(self.prompt.answer_prefix().map(str::to_owned));
            let priors = self.force(&blind).await?;
            for (own, prior) in forced
                .iter_mut()
                .flatten()
                .zip(priors.into_iter().flatten())
            {
                own.without_image = Some(prior.log_probabilities);
            }
        }
        Ok(read_forced(&forced, self.labels.names(), length)?)
    }

    async fn force(&self, prompt: &Prompt) -> Result<Vec<Vec<Forced>>, Rung> {
        let server = &self.chat.server;
        match self.known.flavour {
            Flavour::LlamaCpp => {
                let rendered = self.chat.rendered(prompt, self.options).await?;
                let images: Vec<_> = prompt.images().cloned().collect();
                Ok(llama::forced(server, self.known, &rendered, self.options, &images).await?)
            }
            Flavour::Vllm
            | Flavour::Sglang
            | Flavour::Ollama
            | Flavour::OpenAi
            | Flavour::Azure
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => Ok(vllm::forced(server, prompt, self.options).await?),
        }
    }

    /// Draws as many answers as the card wants: with `n` where the server gives several at once, else one by one
    /// with seeds of their own.
    async fn samples(&self) -> Result<Choice, BackendError> {
        let sampling = &self.prompt.reading().sampling;
        let first_seed = u64::from(self.prompt.repeat()) * u64::from(sampling.samples);
        let mut replies = self.draw_at_once(sampling, first_seed).await?;
        replies.truncate(sampling.samples as usize);
        let missing = (replies.len() as u64)..u64::from(sampling.samples);
        let rest = join_all(missing.map(|index| {
            let ask = Ask::drawn(sampling, first_seed + index);
            self.ask(ask)
        }))
        .await;
        for reply in rest {
            replies.push(reply?);
        }
        read_samples(&replies, self.labels)
    }

    /// As many answers as the server gives to one request; none where it refuses to give several.
    async fn draw_at_once(
        &self,
        sampling: &Sampling,
        seed: u64,
    ) -> Result<Vec<ChatReply>, BackendError> {
        if sampling.samples == 1 {
            return Ok(Vec::new());
        }
        let ask = Ask {
            answers: sampling.samples,
            ..Ask::drawn(sampling, seed)
        };
        let make = || {
            let messages = self.chat.messages(self.prompt)?;
            Ok(chat_body(
                &self.chat.server.options,
                self.known.flavour,
                messages,
                ask,
            ))
        };
        match self.chat.server.chat(make).await {
            Ok(reply) => replies_of(&reply),
            Err(error) if matches!(error.status(), Some(400 | 422)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    async fn parsed_text(&self) -> Result<Choice, BackendError> {
        let most_tokens = self.prompt.reading().sampling.most_tokens;
        let reply = self.ask(Ask::greedy(most_tokens, None)).await?;
        read_parsed(&reply, self.labels)
    }

    async fn ask(&self, ask: Ask) -> Result<ChatReply, BackendError> {
        let (server, flavour) = (&self.chat.server, self.known.flavour);
        let messages = || self.chat.messages(self.prompt);
        let mut reply = server.ask(flavour, ask, messages).await?;
        // Some servers repeat the words that they were to continue.
        let prefix = self.prompt.answer_prefix().unwrap_or_default();
        if let Some(rest) = reply.text.strip_prefix(prefix) {
            reply.text = rest.to_owned();
        }
        Ok(reply)
    }
}
