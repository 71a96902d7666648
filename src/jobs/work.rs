//! One item, from the store to its result.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::operation::{Asked, Operation, Pictured, Place};
use super::picture::Pictures;
use super::{Bench, Item, JobOptions, JobSettings, lines};
use crate::engine::{BindError, Clock, RunLimits};
use crate::fetch::ByteBudget;
use crate::store::{Finished, ItemRow, Store, StoreError, Taken, milliseconds};

/// Pause before a result is offered to a full or failing store again.
const PATIENCE: Duration = Duration::from_millis(500);

/// What every item needs.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) store: Store,
    pub(super) bench: Bench,
    pub(super) pictures: Pictures,
    pub(super) options: JobOptions,
    pub(super) is_full: Arc<AtomicBool>,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

/// A job that is worked on.
#[derive(Debug)]
pub(super) struct Plan {
    /// Its place among all jobs.
    pub(super) number: i64,
    pub(super) settings: JobSettings,
    /// Whose it is.
    pub(super) caller: String,
    pub(super) operation: Arc<dyn Operation>,
    /// True once its items must end where they are.
    pub(super) stop: watch::Sender<bool>,
    /// Items in a row whose backend failed each time.
    pub(super) failures: AtomicU32,
    /// Until when its working time is counted.
    pub(super) counted: Mutex<Instant>,
}

/// What the dispatcher hears of an item.
#[derive(Debug)]
pub(super) enum Event {
    /// The place of this backend is free; its result is being stored.
    Asked(String),
    /// Its result is stored, or will not be.
    Over {
        /// The job.
        job: i64,
        /// What became of it.
        end: End,
    },
}

/// The end of the work on an item.
#[derive(Debug)]
pub(super) enum End {
    /// It has its result.
    Saved {
        /// Whether it was the last of the job.
        last: bool,
    },
    /// It waits as before.
    Dropped,
    /// Nobody can be asked.
    Unbound(BindError),
}

/// Works on an item; the last thing that it does is to tell.
pub(super) async fn work(tools: Tools, plan: Arc<Plan>, row: ItemRow, backend: String) {
    let mut stop = plan.stop.subscribe();
    let item = row.item;
    let asking = AssertUnwindSafe(ask(&tools, &plan, &row)).catch_unwind();
    let asked = tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => None,
        asked = asking => Some(asked),
    };
    drop(tools.events.send(Event::Asked(backend)));
    let end = match asked {
        None => End::Dropped,
        Some(Ok(Err(error))) => End::Unbound(error),
        Some(Ok(Ok(asked))) => {
            if !asked.may_pass {
                plan.failures.store(0, Ordering::SeqCst);
            }
            let most = tools.options.pause_after;
            let pauses = asked.may_pass && plan.failures.fetch_add(1, Ordering::SeqCst) >= most;
            if pauses {
                // The item waits for the job to go on.
                End::Unbound(failing(&plan, &asked))
            } else {
                save(&tools, &plan, item, &row.id, &asked).await
            }
        }
        // The panic hook has said where. The item has a result, so that a restart does not panic for ever.
        Some(Err(_)) => {
            let asked = Asked::failed("internal_error", "the service failed on this item");
            save(&tools, &plan, item, &row.id, &asked).await
        }
    };
    drop(tools.events.send(Event::Over {
        job: plan.number,
        end,
    }));
}

fn failing(plan: &Plan, asked: &Asked) -> BindError {
    let detail = asked.reason.as_ref().map(|(_, detail)| detail.clone());
    BindError::Unavailable {
        judge: plan.settings.judge.clone(),
        remedy: detail.unwrap_or_default(),
    }
}

/// Asks until there is an answer or no attempt is left.
async fn ask(tools: &Tools, plan: &Plan, row: &ItemRow) -> Result<Asked, BindError> {
    let mut pause = tools.options.first_pause;
    let mut attempt = 1;
    loop {
        let asked = ask_once(tools, plan, row).await?;
        if !asked.may_pass || attempt >= tools.options.attempts {
            return Ok(asked);
        }
        attempt += 1;
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

async fn ask_once(tools: &Tools, plan: &Plan, row: &ItemRow) -> Result<Asked, BindError> {
    let Some(item) = Item::from_bytes(&row.content) else {
        return Ok(Asked::failed("internal_error", "the item cannot be read"));
    };
    let mut images = Vec::with_capacity(item.images.len());
    let budget = ByteBudget::new(tools.options.item_bytes);
    for image in item.images {
        let opened = tools.pictures.open(image.source, &budget).await;
        images.push((image.name, opened));
    }
    let source = match item.source {
        None => None,
        Some(source) => Some(tools.pictures.open(source, &budget).await),
    };
    let item = Pictured {
        images,
        source,
        texts: texts(&plan.settings.texts, item.texts),
    };
    let moment = (tools.bench.moment)();
    let judge = plan.operation.leader(&moment, &plan.settings.judge)?;
    let limits = RunLimits::within(Clock, tools.options.item_time);
    let at = Place {
        engine: &moment.engine,
        judges: &moment.judges,
        maps: &moment.maps,
        policies: &moment.policies,
        judge: &judge,
        limits: &if tools.options.owns_answers {
            limits.owned_by(&plan.caller)
        } else {
            limits
        },
    };
    match plan.operation.ask(&at, item).await {
        // The item lacks what the question shows; the others need not.
        Err(error @ BindError::Unfit { .. }) => {
            Ok(Asked::failed("invalid_value", error.to_string()))
        }
        other => other,
    }
}

/// An item's own texts stand before those of the job.
fn texts(
    shared: &BTreeMap<String, String>,
    own: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut texts = shared.clone();
    texts.extend(own);
    texts
}

/// Stores a result; on a full disk it waits for space, and its place with it.
async fn save(tools: &Tools, plan: &Plan, item: i64, id: &str, asked: &Asked) -> End {
    let finished = Finished {
        item,
        kind: asked.kind,
        content: lines::result_line(item, id, asked),
        working: counted(plan),
    };
    let mut stop = plan.stop.subscribe();
    loop {
        let error = match tools.store.finish(plan.number, finished.clone()).await {
            Ok(taken) => {
                tools.is_full.store(false, Ordering::Relaxed);
                return End::Saved {
                    last: taken == Taken::Last,
                };
            }
            Err(error) => error,
        };
        if error == StoreError::Closed {
            return End::Dropped;
        }
        let is_new = !tools.is_full.swap(true, Ordering::Relaxed);
        if is_new {
            tracing::error!(%error, "results cannot be stored; they wait, and nothing new is asked");
        }
        tokio::select! {
            () = tokio::time::sleep(PATIENCE) => {}
            _ = stop.wait_for(|stop| *stop) => return End::Dropped,
        }
    }
}

/// Milliseconds by which the job's working time has grown.
fn counted(plan: &Plan) -> i64 {
    let now = Clock.now();
    let mut counted = plan.counted.lock().unwrap_or_else(PoisonError::into_inner);
    let grown = milliseconds(now.saturating_duration_since(*counted));
    // What is cut off here is counted with the next item.
    *counted += Duration::from_millis(u64::try_from(grown).unwrap_or(0));
    grown
}
