//! A body as it arrives: bounded in bytes, in time, and in how slow it may be.

use std::io;

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures::stream::TryStreamExt;
use tokio::time::{Instant, timeout_at};

use super::Body;
use crate::engine::{Admission, Clock, Overloaded, Permit};
use crate::http::pace::Pace;
use crate::http::service::Bounds;

/// A body that is not whole after this time gives its working place to others until it is. Over a local network a
/// body of some megabytes is here sooner.
const PROMPTLY: std::time::Duration = std::time::Duration::from_millis(250);

/// What a body of unknown length takes from the bytes of the service whenever it has used up what it took.
const STEP: u64 = 256 << 10;

/// Why the reading of a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyFault {
    /// More bytes than allowed.
    #[error("too large")]
    TooLarge,
    /// It did not end in time.
    #[error("too late")]
    TooLate,
    /// It paused for too long.
    #[error("too slow")]
    TooSlow,
    /// It did not state its length, and there is no room for more of it.
    #[error(transparent)]
    Overloaded(Overloaded),
}

impl BodyFault {
    /// The fault in an error of a payload, where it is one of ours.
    pub(super) fn of(error: &PayloadError) -> Option<Self> {
        let PayloadError::Io(error) = error else {
            return None;
        };
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<BodyFault> for PayloadError {
    fn from(fault: BodyFault) -> Self {
        PayloadError::Io(io::Error::other(fault))
    }
}

/// The reading of one body.
pub(super) struct Arriving {
    payload: Payload,
    bounds: Bounds,
    permit: Permit,
    read: usize,
    /// Bytes that were taken from those of the service and not used yet; `None` where the length was stated.
    spare: Option<u64>,
    deadline: Instant,
    pace: Pace,
    steps_aside: Option<Instant>,
}

impl Arriving {
    pub(super) fn new(body: Body) -> Self {
        let Body {
            payload,
            bounds,
            stated_bytes,
            permit,
            is_streamed,
        } = body;
        let is_counted = stated_bytes.is_none() && !is_streamed;
        let now = Clock.now();
        Arriving {
            payload,
            bounds,
            permit,
            read: 0,
            spare: is_counted.then_some(Admission::UNSTATED),
            deadline: now + bounds.body_time,
            pace: Pace::new(bounds.body_rate, bounds.body_grace),
            steps_aside: (!is_streamed).then_some(now + PROMPTLY),
        }
    }

    /// The next piece; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, PayloadError> {
        let chunk = loop {
            let (until, fault) = self.patience();
            match timeout_at(until, self.payload.try_next()).await {
                Ok(next) => break next?,
                Err(_) => match fault {
                    Some(fault) => return Err(fault.into()),
                    None => {
                        self.permit.step_aside();
                        self.steps_aside = None;
                    }
                },
            }
        };
        let Some(chunk) = chunk else { return Ok(None) };
        self.read += chunk.len();
        if self.read > self.bounds.body_bytes {
            return Err(BodyFault::TooLarge.into());
        }
        self.take(chunk.len() as u64)?;
        // The time for which whoever reads is busy with this piece is no pause of the sender.
        self.pace.count(chunk.len() as u64, Clock.now());
        Ok(Some(chunk))
    }

    /// How long to wait for the next piece, and what it means if none comes; nothing but that others go first.
    fn patience(&mut self) -> (Instant, Option<BodyFault>) {
        let mut first = (self.deadline, Some(BodyFault::TooLate));
        if let Some(until) = self.pace.wait(Clock.now())
            && until < first.0
        {
            first = (until, Some(BodyFault::TooSlow));
        }
        match self.steps_aside {
            Some(until) if until < first.0 => (until, None),
            Some(_) | None => first,
        }
    }

    /// A body of unknown length takes its bytes from those of the service as it comes.
    fn take(&mut self, bytes: u64) -> Result<(), BodyFault> {
        let Some(spare) = self.spare else {
            return Ok(());
        };
        if bytes <= spare {
            self.spare = Some(spare - bytes);
            return Ok(());
        }
        let step = bytes.max(STEP);
        self.permit.grow(step).map_err(BodyFault::Overloaded)?;
        self.spare = Some(spare + step - bytes);
        Ok(())
    }
}
