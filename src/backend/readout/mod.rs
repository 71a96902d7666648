//! From the tokens that a language model gave to a [`Choice`](crate::judging::Choice).
//!
//! Pure: no server, no tokenizer and no clock are known here, only lists of tokens with their
//! log-probabilities and written text. What cannot be read ends in a
//! [`BackendError`](super::BackendError) that says what came; nothing is ever guessed.

mod json;
mod labels;
mod occurrence;
mod place;
mod position;
mod refusal;
mod sequence;
mod written;

pub use json::{ChatReply, read_reply, replies_of, reply_of, token_probability_list};
pub use labels::{Clash, Labels, is_plain, variants};
pub use place::last_position;
pub use position::{Extent, LOG_FLOOR, Position, TokenMass, read_position};
pub use refusal::check_reply;
pub use sequence::{Forced, read_forced};
pub use written::{label_of, read_parsed, read_samples, without_reasoning};

#[cfg(test)]
mod tests;
