//! Threads that own sessions. A session runs one prompt at a time and never leaves its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use super::model::{Model, ModelError, Opener};
use crate::backend::BackendError;
use crate::judging::{Answer, Prompt};

/// One prompt and where its answer goes.
pub(super) struct Job {
    pub(super) prompt: Prompt,
    pub(super) reply: oneshot::Sender<Result<Answer, BackendError>>,
}

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// A queue of prompts and the threads that work on it.
#[derive(Debug)]
pub(super) struct ModelThreads {
    jobs: Option<mpsc::Sender<Job>>,
    handles: Vec<JoinHandle<()>>,
}

impl ModelThreads {
    /// Opens one session now and starts the threads; each further session opens with its first job.
    pub(super) fn start(opener: Opener, count: usize) -> Result<Self, ModelError> {
        let opener = Arc::new(opener);
        let mut first = Some(opener.open()?);
        let (jobs, queue) = mpsc::channel();
        let queue: Queue = Arc::new(Mutex::new(queue));
        let mut handles = Vec::with_capacity(count);
        for index in 0..count {
            let (opener, queue, session) = (Arc::clone(&opener), Arc::clone(&queue), first.take());
            let handle = Builder::new()
                .name(format!("model-{index}"))
                .spawn(move || work(&opener, session, &queue))
                .map_err(|error| {
                    ModelError::new(format!("cannot start a thread for the model: {error}"))
                })?;
            handles.push(handle);
        }
        Ok(ModelThreads {
            jobs: Some(jobs),
            handles,
        })
    }

    /// Hands over one prompt. If every thread has ended, dropping the job tells the asker.
    pub(super) fn submit(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The error returns the job; its reply channel closes with it, which the asker sees.
            drop(jobs.send(job));
        }
    }
}

impl Drop for ModelThreads {
    fn drop(&mut self) {
        self.jobs = None;
        for handle in self.handles.drain(..) {
            // A thread that panicked has told its asker already; there is nothing to add at the end.
            drop(handle.join());
        }
    }
}

fn work(opener: &Opener, mut session: Option<Model>, queue: &Queue) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if job.reply.is_closed() {
            continue;
        }
        let answer = answer(opener, &mut session, &job.prompt);
        // An asker that left in the meantime needs no answer.
        drop(job.reply.send(answer));
    }
}

fn answer(
    opener: &Opener,
    session: &mut Option<Model>,
    prompt: &Prompt,
) -> Result<Answer, BackendError> {
    let model = match session {
        Some(model) => model,
        None => session.insert(opener.open().map_err(|error| BackendError::Failed {
            message: error.to_string(),
        })?),
    };
    // A panic in a decoder or the runtime binding costs one answer and a fresh session, not the thread.
    catch_unwind(AssertUnwindSafe(|| model.answer(prompt))).unwrap_or_else(|_| {
        *session = None;
        Err(BackendError::Failed {
            message: "the model failed on this prompt in an unforeseen way".into(),
        })
    })
}
