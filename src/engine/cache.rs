//! Remembers answers, and asks a question once however many ask for it at the same time.
//!
//! What is kept is the answer (log masses), never the score: another temperature or weighting needs no
//! new question. A failure is not kept. This is the only place that imports `moka`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::backend::{Backend, BackendError};
use crate::digest::Digest;
use crate::judging::{Answer, Prompt};
use futures::future::{BoxFuture, FutureExt, Shared, WeakShared};
use moka::future::Cache;

use super::memory::PictureMemory;

/// A cache with a budget in bytes.
#[derive(Debug)]
pub struct AnswerCache {
    answers: Cache<Digest, Answer>,
    under_way: Arc<UnderWay>,
    lookups: AtomicU64,
    hits: AtomicU64,
    asked: Arc<AtomicU64>,
}

/// What the cache has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheCounts {
    /// Questions that came.
    pub lookups: u64,
    /// Questions whose answer was remembered.
    pub hits: u64,
    /// Questions that went on to a backend; the rest joined one that was under way.
    pub asked: u64,
    /// Answers that are remembered.
    pub answers: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

type Answered = Result<Answer, BackendError>;
type Asking = BoxFuture<'static, Answered>;

impl AnswerCache {
    /// A cache of at most about `bytes`; 0 remembers nothing, but still asks equal questions only once at a time.
    pub fn new(bytes: u64) -> Self {
        let answers = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, answer| weight(answer))
            .build();
        AnswerCache {
            answers,
            under_way: Arc::default(),
            lookups: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            asked: Arc::default(),
        }
    }

    /// The remembered answer, or the backend's.
    ///
    /// Who asks the same at the same time waits for the same question. It belongs to all who wait: it goes on when
    /// the first of them leaves, and ends with the last.
    pub(super) async fn answer(
        &self,
        key: Digest,
        backend: &Arc<dyn Backend>,
        prompt: &Prompt,
        memory: &PictureMemory,
    ) -> Answered {
        if let Some(answer) = self.answers.get(&key).await {
            self.lookups.fetch_add(1, Ordering::Relaxed);
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(answer);
        }
        let answer = self.under_way.join(key, |entry| {
            self.question(key, entry, backend, prompt, memory)
        });
        // Counted once it waits: whoever sees the count knows that the question is shared.
        self.lookups.fetch_add(1, Ordering::Relaxed);
        answer.await
    }

    fn question(
        &self,
        key: Digest,
        entry: Entry,
        backend: &Arc<dyn Backend>,
        prompt: &Prompt,
        memory: &PictureMemory,
    ) -> Asking {
        let memory = memory.clone();
        let (answers, asked) = (self.answers.clone(), Arc::clone(&self.asked));
        let (backend, prompt) = (Arc::clone(backend), prompt.clone());
        async move {
            let _entry = entry;
            // Another question for the same may have ended after we looked and before we stood in the table.
            if let Some(answer) = answers.get(&key).await {
                return Ok(answer);
            }
            asked.fetch_add(1, Ordering::Relaxed);
            let _room = match backend.decodes_pictures() {
                true => memory.room_for(&prompt).await,
                false => None,
            };
            let answered = ask(backend.as_ref(), &prompt).await;
            if let Ok(answer) = &answered {
                answers.insert(key, answer.clone()).await;
            }
            answered
        }
        .boxed()
    }

    /// Bytes that remembered answers take, about.
    pub fn bytes(&self) -> u64 {
        self.answers.weighted_size()
    }

    /// What the cache has done so far.
    pub fn counts(&self) -> CacheCounts {
        CacheCounts {
            lookups: self.lookups.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            answers: self.answers.entry_count(),
            bytes: self.answers.weighted_size(),
            asked: self.asked.load(Ordering::Relaxed),
        }
    }
}

async fn ask(backend: &dyn Backend, prompt: &Prompt) -> Answered {
    let mut answers = backend.ask(std::slice::from_ref(prompt)).await;
    match (answers.pop(), answers.is_empty()) {
        (Some(answer), true) => answer,
        _ => Err(BackendError::Failed {
            message: "the backend did not give one answer for one prompt".into(),
        }),
    }
}

/// The questions that somebody waits for. The table holds none of them alive.
#[derive(Debug, Default)]
struct UnderWay {
    questions: Mutex<HashMap<Digest, (u64, WeakShared<Asking>)>>,
    count: AtomicU64,
}

impl UnderWay {
    /// The question under way, or a new one.
    fn join(self: &Arc<Self>, key: Digest, new: impl FnOnce(Entry) -> Asking) -> Shared<Asking> {
        let mut questions = self.lock();
        if let Some(asking) = questions.get(&key).and_then(|(_, asking)| asking.upgrade()) {
            return asking;
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            under_way: Arc::clone(self),
            key,
            number,
        };
        let asking = new(entry).shared();
        let weak = asking
            .downgrade()
            .expect("a future that was never polled can be downgraded");
        questions.insert(key, (number, weak));
        asking
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, (u64, WeakShared<Asking>)>> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one question in the table, given up when the question ends, answered or not.
struct Entry {
    under_way: Arc<UnderWay>,
    key: Digest,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut questions = self.under_way.lock();
        // A new question for the same may stand there already.
        if questions
            .get(&self.key)
            .is_some_and(|(number, _)| *number == self.number)
        {
            questions.remove(&self.key);
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
