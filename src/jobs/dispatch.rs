//! Who is next: one item of each job in turn, whenever its backend has a place.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::operation::operation;
use super::picture::{Pictures, PlaceError};
use super::shares::places;
use super::work::{End, Event, Plan, Tools, work};
use super::{Bench, FROM_THE_START, JobOptions, JobSettings};
use crate::engine::{BindError, Clock};
use crate::store::{ItemRow, JobRow, JobState, Store, StoreError};

/// Most results that wait for the disk before anything new is asked: no more than these, and the places of the
/// backends, are asked again after the process was killed.
const SAVED_AT_ONCE: usize = 32;

/// What the dispatcher is told.
#[derive(Debug)]
pub(super) enum Command {
    /// To work on a job.
    Begin(Box<JobRow>),
    /// To let go of a job.
    End(i64),
    /// To begin nothing more, and let go of what is not over in this time.
    Park(Duration),
}

/// The ends of the dispatcher that others hold.
pub(super) struct Wires {
    pub(super) received: mpsc::UnboundedReceiver<Command>,
    pub(super) change: watch::Sender<u64>,
    pub(super) park: watch::Sender<bool>,
    pub(super) is_full: Arc<AtomicBool>,
}

/// One task that knows all jobs in work.
pub(super) struct Dispatcher {
    tools: Tools,
    wires: Wires,
    events: mpsc::UnboundedReceiver<Event>,
    jobs: VecDeque<Active>,
    /// Items that are asked, by backend.
    asking: BTreeMap<String, usize>,
    /// Items whose results are being stored.
    saving: usize,
    /// Both.
    in_work: usize,
    parking: Option<Instant>,
}

/// A job in work.
struct Active {
    plan: Arc<Plan>,
    is_queued: bool,
    /// The last item that was begun.
    cursor: i64,
    /// Whether every item was begun.
    is_spent: bool,
}

/// What a job is given when its turn comes.
enum Next {
    /// An item of this job, with its backend.
    Item(ItemRow, String),
    /// Every item was begun, or its backend has no place.
    Nothing,
    /// Nobody can be asked.
    Pause(String),
}

impl Dispatcher {
    pub(super) fn new(
        store: Store,
        bench: Bench,
        options: JobOptions,
        wires: Wires,
    ) -> Result<Self, PlaceError> {
        let (send, events) = mpsc::unbounded_channel();
        let pictures = Pictures::new(&options, bench.urls.clone())?;
        Ok(Dispatcher {
            tools: Tools {
                store,
                bench,
                pictures,
                options,
                is_full: Arc::clone(&wires.is_full),
                events: send,
            },
            wires,
            events,
            jobs: VecDeque::new(),
            asking: BTreeMap::new(),
            saving: 0,
            in_work: 0,
            parking: None,
        })
    }

    /// Runs until it is told to park, or nobody is left to tell it anything.
    pub(super) async fn run(mut self) {
        match self.tools.store.unfinished().await {
            Ok(rows) => rows.into_iter().for_each(|row| self.begin(&row)),
            Err(error) => tracing::error!(%error, "the jobs of the last start cannot be read"),
        }
        loop {
            let mut opening = self.tools.bench.opening.clone();
            let is_opening = *opening.borrow();
            if self.parking.is_none() {
                self.fill().await;
            } else if self.in_work == 0 {
                break;
            }
            let end = self.parking;
            let over = async {
                match end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            // An error says that nobody is left who would open anything.
            let opened = async { opening.wait_for(|opening| !*opening).await.is_ok() };
            tokio::select! {
                Some(event) = self.events.recv() => self.hear(event).await,
                command = self.wires.received.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                () = self.tools.bench.interactive.quiet() => {}
                true = opened, if is_opening => {}
                () = over => break,
            }
        }
        for job in &self.jobs {
            job.plan.stop.send_replace(true);
        }
        self.wires.park.send_replace(true);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Begin(row) => self.begin(&row),
            Command::End(number) => self.let_go(number),
            Command::Park(grace) => self.parking = Some(Clock.now() + grace),
        }
        self.changed();
    }

    fn begin(&mut self, row: &JobRow) {
        let known = self.jobs.iter().any(|job| job.plan.number == row.number);
        if known || row.state == JobState::Finished {
            return;
        }
        let settings = JobSettings::from_text(&row.settings);
        let made = settings.and_then(|settings| {
            let operation = operation(&settings.operation, &settings.options).ok()?;
            Some((settings, operation))
        });
        let Some((settings, operation)) = made else {
            tracing::error!(job = row.id, "the settings of a job are not known any more");
            return;
        };
        let (stop, _) = watch::channel(false);
        self.jobs.push_back(Active {
            plan: Arc::new(Plan {
                number: row.number,
                settings,
                caller: row.caller.clone(),
                operation,
                stop,
                failures: AtomicU32::new(0),
                counted: Mutex::new(Clock.now()),
            }),
            is_queued: row.state == JobState::Queued,
            cursor: FROM_THE_START,
            is_spent: false,
        });
    }

    /// Ends the items of a job where they are; they wait in the store as before.
    fn let_go(&mut self, number: i64) {
        if let Some(place) = self.jobs.iter().position(|job| job.plan.number == number)
            && let Some(job) = self.jobs.remove(place)
        {
            job.plan.stop.send_replace(true);
        }
    }

    async fn hear(&mut self, event: Event) {
        let (job, end) = match event {
            Event::Asked(backend) => {
                self.saving += 1;
                if let Some(count) = self.asking.get_mut(&backend) {
                    *count -= 1;
                }
                return;
            }
            Event::Over { job, end } => (job, end),
        };
        self.saving -= 1;
        self.in_work -= 1;
        if self.jobs.iter().any(|active| active.plan.number == job) {
            match end {
                End::Saved { last: true } => self.let_go(job),
                End::Saved { last: false } | End::Dropped => {}
                End::Unbound(error) => self.pause(job, error.to_string()).await,
            }
        }
        self.changed();
    }

    async fn pause(&mut self, number: i64, detail: String) {
        const FROM: &[JobState] = &[JobState::Queued, JobState::Running];
        self.let_go(number);
        let store = &self.tools.store;
        let paused = store.change(number, FROM, JobState::Paused, Some(detail));
        if let Err(error) = paused.await {
            // It is not worked on either way, and begins again with the next start.
            tracing::error!(%error, "that a job is paused cannot be stored");
        }
    }

    /// Begins items, one of each job in turn, until no job has both an item and a place.
    async fn fill(&mut self) {
        let mut idle = 0;
        while idle < self.jobs.len() && !self.wires.is_full.load(Ordering::Relaxed) {
            let Some(mut active) = self.jobs.pop_front() else {
                return;
            };
            let number = active.plan.number;
            let next = self.next(&mut active).await;
            if let Next::Item(row, backend) = next {
                idle = 0;
                self.launch(&mut active, row, backend).await;
                self.jobs.push_back(active);
                continue;
            }
            self.jobs.push_back(active);
            if let Next::Pause(detail) = next {
                self.pause(number, detail).await;
                self.changed();
            } else {
                idle += 1;
            }
        }
    }

    async fn next(&self, active: &mut Active) -> Next {
        if active.is_spent {
            return Next::Nothing;
        }
        // Asked before the judges are looked at: what is opened in between is found open.
        let is_opening = *self.tools.bench.opening.borrow();
        let (backend, concurrency) = match self.backend(&active.plan) {
            Ok(found) => found,
            Err(BindError::Unavailable { .. }) if is_opening => return Next::Nothing,
            Err(error) => return Next::Pause(error.to_string()),
        };
        let places = places(
            concurrency,
            self.tools.options.share,
            self.tools.bench.interactive.is_busy(),
        );
        let asking = self.asking.get(&backend).copied().unwrap_or(0);
        if asking >= places || self.saving >= SAVED_AT_ONCE {
            return Next::Nothing;
        }
        let store = &self.tools.store;
        match store.next_item(active.plan.number, active.cursor).await {
            Ok(Some(row)) => Next::Item(row, backend),
            Ok(None) => {
                active.is_spent = true;
                Next::Nothing
            }
            Err(StoreError::Closed) => Next::Nothing,
            Err(error) => Next::Pause(error.to_string()),
        }
    }

    /// The backend of a job's judge, and how much it works on at once.
    fn backend(&self, plan: &Plan) -> Result<(String, usize), BindError> {
        let moment = (self.tools.bench.moment)();
        let judge = plan.operation.leader(&moment, &plan.settings.judge)?;
        let backend = judge.backend()?;
        let id = backend.id();
        let name = format!("{} {}", id.name, id.model_revision);
        Ok((name, backend.abilities().concurrency))
    }

    async fn launch(&mut self, active: &mut Active, row: ItemRow, backend: String) {
        if active.is_queued {
            active.is_queued = false;
            let number = active.plan.number;
            let store = &self.tools.store;
            let running = store.change(number, &[JobState::Queued], JobState::Running, None);
            if let Err(error) = running.await {
                // Its results say the same as soon as they can be stored.
                tracing::warn!(%error, "that a job is running cannot be stored");
            }
            self.changed();
        }
        active.cursor = row.item;
        self.in_work += 1;
        *self.asking.entry(backend.clone()).or_default() += 1;
        let work = work(self.tools.clone(), Arc::clone(&active.plan), row, backend);
        drop(tokio::spawn(work));
    }

    fn changed(&self) {
        self.wires.change.send_modify(|count| *count += 1);
    }
}
