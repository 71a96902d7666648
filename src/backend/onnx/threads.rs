//! Threads that own sessions. A worker takes one prompt at a time and never leaves its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::OpenError;
use super::model::ModelError;
use crate::backend::BackendError;
use crate::backend::queueing::queued;
use crate::judging::{Answer, Prompt};

/// Makes workers, one for each thread.
pub(super) trait Opener: Send + Sync + 'static {
    /// What answers.
    type Worker: Worker;

    /// Opens the sessions of one worker.
    fn open(&self) -> Result<Self::Worker, OpenError>;
}

/// Sessions and what is needed to ask them; one prompt at a time.
pub(super) trait Worker: Send + 'static {
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError>;
}

/// One prompt and where its answer goes.
struct Job {
    prompt: Prompt,
    submitted: Instant,
    reply: oneshot::Sender<Worked>,
}

/// An answer, and how long its prompt waited for a thread.
type Worked = (Result<Answer, BackendError>, Duration);

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// A queue of prompts and the threads that work on it.
#[derive(Debug)]
pub(super) struct ModelThreads {
    jobs: Option<mpsc::Sender<Job>>,
    handles: Vec<JoinHandle<()>>,
}

impl ModelThreads {
    /// Opens one worker now and starts the threads; each further worker opens with its first job.
    pub(super) fn start<O: Opener>(opener: &Arc<O>, count: usize) -> Result<Self, OpenError> {
        let mut first = Some(opener.open()?);
        let (jobs, queue) = mpsc::channel();
        let queue: Queue = Arc::new(Mutex::new(queue));
        let mut handles = Vec::with_capacity(count);
        for index in 0..count {
            let (opener, queue, worker) = (Arc::clone(opener), Arc::clone(&queue), first.take());
            let handle = Builder::new()
                .name(format!("model-{index}"))
                .spawn(move || work(opener.as_ref(), worker, &queue))
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

    /// One result for each prompt, in order.
    pub(super) async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let replies: Vec<_> = prompts
            .iter()
            .map(|prompt| {
                let (reply, answer) = oneshot::channel();
                self.submit(Job {
                    prompt: prompt.clone(),
                    submitted: Instant::now(),
                    reply,
                });
                answer
            })
            .collect();
        let mut answers = Vec::with_capacity(replies.len());
        for reply in replies {
            let Ok((answer, waited)) = reply.await else {
                answers.push(Err(BackendError::Failed {
                    message: "the model's thread ended before it answered".into(),
                }));
                continue;
            };
            queued(waited);
            answers.push(answer);
        }
        answers
    }

    /// Hands over one prompt. If every thread has ended, dropping the job tells the asker.
    fn submit(&self, job: Job) {
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

fn work<O: Opener>(opener: &O, mut worker: Option<O::Worker>, queue: &Queue) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if job.reply.is_closed() {
            continue;
        }
        let waited = job.submitted.elapsed();
        let answer = answer(opener, &mut worker, &job.prompt);
        // An asker that left in the meantime needs no answer.
        drop(job.reply.send((answer, waited)));
    }
}

fn answer<O: Opener>(
    opener: &O,
    slot: &mut Option<O::Worker>,
    prompt: &Prompt,
) -> Result<Answer, BackendError> {
    let worker = match slot {
        Some(worker) => worker,
        None => slot.insert(opener.open().map_err(|error| BackendError::Failed {
            message: error.to_string(),
        })?),
    };
    // A panic in a decoder or the runtime binding costs one answer and fresh sessions, not the thread.
    catch_unwind(AssertUnwindSafe(|| worker.answer(prompt))).unwrap_or_else(|_| {
        *slot = None;
        Err(BackendError::Failed {
            message: "the model failed on this prompt in an unforeseen way".into(),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, MutexGuard};

    use super::*;
    use crate::judging::{Image, Part, Wanted};

    /// Shuts every worker out until it is opened, and counts who was let in.
    #[derive(Default)]
    struct Gate {
        open: Mutex<bool>,
        opened: Condvar,
        asked: AtomicUsize,
    }

    impl Gate {
        fn lock(&self) -> MutexGuard<'_, bool> {
            self.open.lock().unwrap()
        }
    }

    impl Opener for Arc<Gate> {
        type Worker = Arc<Gate>;

        fn open(&self) -> Result<Self::Worker, OpenError> {
            Ok(Arc::clone(self))
        }
    }

    impl Worker for Arc<Gate> {
        fn answer(&mut self, _: &Prompt) -> Result<Answer, BackendError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let open = self.opened.wait_while(self.lock(), |open| !*open);
            drop(open.unwrap());
            Ok(Answer::Value(1.0))
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_skipped() {
        let gate = Arc::new(Gate::default());
        let threads = ModelThreads::start(&Arc::new(Arc::clone(&gate)), 1).unwrap();
        let parts = vec![Part::Image(Image::new(&b"x"[..]))];
        let prompts = [Prompt::new(parts, Wanted::Value).unwrap()];
        let mut first = Box::pin(threads.ask(&prompts));
        assert!(futures::poll!(&mut first).is_pending());
        for _ in 0..3 {
            let mut left = Box::pin(threads.ask(&prompts));
            assert!(futures::poll!(&mut left).is_pending());
        }
        let mut last = Box::pin(threads.ask(&prompts));
        assert!(futures::poll!(&mut last).is_pending());
        *gate.lock() = true;
        gate.opened.notify_all();
        assert_eq!(first.await, [Ok(Answer::Value(1.0))]);
        assert_eq!(last.await, [Ok(Answer::Value(1.0))]);
        assert_eq!(gate.asked.load(Ordering::SeqCst), 2);
    }
}
