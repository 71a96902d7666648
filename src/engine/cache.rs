//! Remembers answers, and asks a question once however many ask for it at the same time.
//!
//! What is kept is the answer (log masses), never the score: another temperature or weighting needs no
//! new question. A failure is not kept. This is the only place that imports `moka`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::future::Cache;

use crate::backend::{Backend, BackendError};
use crate::digest::Digest;
use crate::judging::{Answer, Prompt};

/// A cache with a budget in bytes.
#[derive(Debug)]
pub struct AnswerCache {
    answers: Cache<Digest, Answer>,
    lookups: AtomicU64,
    asked: AtomicU64,
}

/// What the cache has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheCounts {
    /// Questions that came.
    pub lookups: u64,
    /// Questions that went on to a backend.
    pub asked: u64,
}

impl AnswerCache {
    /// A cache of at most about `bytes`; 0 remembers nothing, but still asks equal questions only once at a time.
    pub fn new(bytes: u64) -> Self {
        let answers = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, answer| weight(answer))
            .build();
        AnswerCache {
            answers,
            lookups: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        }
    }

    /// The remembered answer, or the backend's.
    pub(super) async fn answer(
        &self,
        key: Digest,
        backend: &dyn Backend,
        prompt: &Prompt,
    ) -> Result<Answer, BackendError> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let ask = async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut answers = backend.ask(std::slice::from_ref(prompt)).await;
            match (answers.pop(), answers.is_empty()) {
                (Some(answer), true) => answer,
                _ => Err(BackendError::Failed {
                    message: "the backend did not give one answer for one prompt".into(),
                }),
            }
        };
        self.answers
            .try_get_with(key, ask)
            .await
            .map_err(Arc::unwrap_or_clone)
    }

    /// What the cache has done so far.
    pub fn counts(&self) -> CacheCounts {
        CacheCounts {
            lookups: self.lookups.load(Ordering::Relaxed),
            asked: self.asked.load(Ordering::Relaxed),
        }
    }
}

/// Bytes that an answer takes, key and bookkeeping of about 160 bytes included.
fn weight(answer: &Answer) -> u32 {
    let payload = match answer {
        Answer::Choice(choice) => std::mem::size_of_val(choice.log_mass()),
        Answer::Value(_) => 0,
        Answer::Text(text) => text.len(),
    };
    u32::try_from(160 + payload).unwrap_or(u32::MAX)
}
