//! Threads that own sessions. A worker takes one prompt at a time.
//!
//! Where many prompts are in hand, a session on one core for each is the fastest: nothing is waited for inside a model. A
//! prompt that is in hand alone would leave the other cores idle; it goes to a worker over all of them, if the opener has one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, mpsc};
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

    /// Opens sessions over all cores, for a prompt that is in hand alone; none where [`Opener::open`] serves it as well.
    fn open_wide(&self) -> Option<Result<Self::Worker, OpenError>> {
        None
    }
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
    in_hand: InHand,
}

/// One of the prompts that were handed over and are not answered yet; it counts until it is dropped.
struct InHand(Arc<AtomicUsize>);

impl InHand {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        InHand(Arc::clone(count))
    }

    /// Whether no other prompt is in hand.
    fn alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer, and how long its prompt waited for a thread.
type Worked = (Result<Answer, BackendError>, Duration);

/// What the threads of a model share.
struct Shared<O: Opener> {
    opener: Arc<O>,
    queue: Mutex<mpsc::Receiver<Job>>,
    /// The worker over all cores; none while it has to be opened again.
    wide: Option<Mutex<Option<O::Worker>>>,
}

/// A queue of prompts and the threads that work on it.
#[derive(Debug)]
pub(super) struct ModelThreads {
    jobs: Option<mpsc::Sender<Job>>,
    in_hand: Arc<AtomicUsize>,
    handles: Vec<JoinHandle<()>>,
}

impl ModelThreads {
    /// Opens one worker now and starts the threads; each further worker opens with its first job.
    pub(super) fn start<O: Opener>(opener: &Arc<O>, count: usize) -> Result<Self, OpenError> {
        let wide = opener.open_wide().transpose()?;
        let mut first = match wide {
            Some(_) => None,
            None => Some(opener.open()?),
        };
        let (jobs, queue) = mpsc::channel();
        let shared = Arc::new(Shared {
            opener: Arc::clone(opener),
            queue: Mutex::new(queue),
            wide: wide.map(|worker| Mutex::new(Some(worker))),
        });
        let mut handles = Vec::with_capacity(count);
        for index in 0..count {
            let (shared, worker) = (Arc::clone(&shared), first.take());
            let handle = Builder::new()
                .name(format!("model-{index}"))
                .spawn(move || work(&shared, worker))
                .map_err(|error| {
                    ModelError::new(format!("cannot start a thread for the model: {error}"))
                })?;
            handles.push(handle);
        }
        Ok(ModelThreads {
            jobs: Some(jobs),
            in_hand: Arc::default(),
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
                    in_hand: InHand::new(&self.in_hand),
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

fn work<O: Opener>(shared: &Shared<O>, mut worker: Option<O::Worker>) {
    loop {
        let next = shared
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        if job.reply.is_closed() {
            continue;
        }
        let waited = job.submitted.elapsed();
        let wide = shared.wide.as_ref().filter(|_| job.in_hand.alone());
        let answer = match wide.map(Mutex::try_lock) {
            Some(Ok(mut wide)) => shared.wide_answer(&mut wide, &job.prompt),
            Some(Err(TryLockError::Poisoned(wide))) => {
                shared.wide_answer(&mut wide.into_inner(), &job.prompt)
            }
            Some(Err(TryLockError::WouldBlock)) | None => {
                answer(|| shared.opener.open(), &mut worker, &job.prompt)
            }
        };
        // An asker that left in the meantime needs no answer. It counts no longer before the asker may come again.
        drop(job.in_hand);
        drop(job.reply.send((answer, waited)));
    }
}

impl<O: Opener> Shared<O> {
    fn wide_answer(
        &self,
        slot: &mut Option<O::Worker>,
        prompt: &Prompt,
    ) -> Result<Answer, BackendError> {
        let open = || {
            self.opener
                .open_wide()
                .unwrap_or_else(|| self.opener.open())
        };
        answer(open, slot, prompt)
    }
}

fn answer<W: Worker>(
    open: impl FnOnce() -> Result<W, OpenError>,
    slot: &mut Option<W>,
    prompt: &Prompt,
) -> Result<Answer, BackendError> {
    let worker = match slot {
        Some(worker) => worker,
        None => slot.insert(open().map_err(|error| BackendError::Failed {
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

    /// Workers that say by their answer whether they are the wide one; the wide one waits at the gate.
    struct TwoWidths(Arc<Gate>);

    enum Width {
        Wide(Arc<Gate>),
        Narrow,
    }

    impl Opener for TwoWidths {
        type Worker = Width;

        fn open(&self) -> Result<Width, OpenError> {
            Ok(Width::Narrow)
        }

        fn open_wide(&self) -> Option<Result<Width, OpenError>> {
            Some(Ok(Width::Wide(Arc::clone(&self.0))))
        }
    }

    impl Worker for Width {
        fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError> {
            match self {
                Width::Wide(gate) => gate.answer(prompt),
                Width::Narrow => Ok(Answer::Value(0.0)),
            }
        }
    }

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

    fn prompt() -> Prompt {
        let parts = vec![Part::Image(Image::new(&b"x"[..]))];
        Prompt::new(parts, Wanted::Value).unwrap()
    }

    #[tokio::test]
    async fn a_prompt_alone_has_all_cores_and_one_beside_it_has_its_own() {
        let gate = Arc::new(Gate::default());
        let threads = ModelThreads::start(&Arc::new(TwoWidths(Arc::clone(&gate))), 2).unwrap();
        let prompts = [prompt()];
        let mut alone = Box::pin(threads.ask(&prompts));
        assert!(futures::poll!(&mut alone).is_pending());
        while gate.asked.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(threads.ask(&prompts).await, [Ok(Answer::Value(0.0))]);
        *gate.lock() = true;
        gate.opened.notify_all();
        assert_eq!(alone.await, [Ok(Answer::Value(1.0))]);
        assert_eq!(threads.ask(&prompts).await, [Ok(Answer::Value(1.0))]);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_skipped() {
        let gate = Arc::new(Gate::default());
        let threads = ModelThreads::start(&Arc::new(Arc::clone(&gate)), 1).unwrap();
        let prompts = [prompt()];
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
