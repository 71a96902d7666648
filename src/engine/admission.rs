//! Admission: what is let in is finished, what is too much is told so at once.
//!
//! Two bounds hold at the door: places to work, and bytes of bodies. Both are taken before a byte of the body is
//! read, or refused. A body that takes its time gives its place back and keeps its bytes: whoever is slow costs
//! memory, and no other request its turn.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Lets in a bounded number of requests and of bytes.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Door>);

#[derive(Debug)]
struct Door {
    places: Arc<Semaphore>,
    most_places: usize,
    bytes: Arc<Semaphore>,
    /// In [`UNIT`]s.
    most_units: u32,
    refused: AtomicU64,
}

/// What was let in; places and bytes are given back when the last copy is dropped.
#[derive(Debug, Clone)]
pub struct Permit(Arc<Held>);

struct Held {
    admission: Admission,
    place: Mutex<Option<OwnedSemaphorePermit>>,
    bytes: Mutex<OwnedSemaphorePermit>,
}

/// How full it is, and what was refused so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionCounts {
    /// Requests that have a place.
    pub requests: usize,
    /// Places.
    pub most_requests: usize,
    /// Bytes that bodies are counted with.
    pub bytes: u64,
    /// Bytes that may be counted at a time.
    pub most_bytes: u64,
    /// Requests that were refused since the start.
    pub refused: u64,
}

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overloaded {
    /// Every place is taken.
    #[error("{most} requests are in work already; try again in a moment")]
    Requests {
        /// How many places there are.
        most: usize,
    },
    /// The bodies that are here leave no room for this one.
    #[error(
        "the requests in work hold most of the {most} bytes that there are; try again in a moment"
    )]
    Bytes {
        /// How many bytes there are.
        most: u64,
    },
}

/// Bytes are counted in units of this size, so that a count fits a semaphore.
const UNIT: u64 = 4 << 10;

/// A body costs this many times its bytes: as it came, and the images that are taken out of it.
const COPIES: u64 = 2;

impl Admission {
    /// Bytes that a body of unknown length takes at the door.
    pub const UNSTATED: u64 = 64 << 10;

    /// At most `most` requests at a time, whose bodies cost at most about `bytes` bytes of memory.
    pub fn new(most: usize, bytes: u64) -> Self {
        let most_units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        Admission(Arc::new(Door {
            places: Arc::new(Semaphore::new(most)),
            most_places: most,
            bytes: Arc::new(Semaphore::new(most_units as usize)),
            most_units,
            refused: AtomicU64::new(0),
        }))
    }

    /// Takes a place and the bytes of a body that states its length, or refuses at once; nobody waits at the door.
    ///
    /// A body that costs more than there is for all is let in when it is alone.
    ///
    /// # Errors
    /// [`Overloaded`] when every place is taken, or too few bytes are left.
    pub fn enter(&self, stated_bytes: Option<u64>) -> Result<Permit, Overloaded> {
        let door = &self.0;
        let Ok(place) = Arc::clone(&door.places).try_acquire_owned() else {
            return Err(self.refused(Overloaded::Requests {
                most: door.most_places,
            }));
        };
        let bytes = self.take(stated_bytes.unwrap_or(Self::UNSTATED))?;
        Ok(Permit(Arc::new(Held {
            admission: self.clone(),
            place: Mutex::new(Some(place)),
            bytes: Mutex::new(bytes),
        })))
    }

    fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Overloaded> {
        let door = &self.0;
        let units = bytes.saturating_mul(COPIES).div_ceil(UNIT);
        let units =
            u32::try_from(units).map_or(door.most_units, |units| units.min(door.most_units));
        let taken = Arc::clone(&door.bytes).try_acquire_many_owned(units);
        taken.map_err(|_| {
            self.refused(Overloaded::Bytes {
                most: u64::from(door.most_units) * UNIT,
            })
        })
    }

    fn refused(&self, overloaded: Overloaded) -> Overloaded {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        overloaded
    }

    /// How full it is.
    pub fn counts(&self) -> AdmissionCounts {
        let door = &self.0;
        let free = |semaphore: &Semaphore| semaphore.available_permits();
        let units = door.most_units as usize - free(&door.bytes).min(door.most_units as usize);
        AdmissionCounts {
            requests: door.most_places - free(&door.places).min(door.most_places),
            most_requests: door.most_places,
            bytes: units as u64 * UNIT,
            most_bytes: u64::from(door.most_units) * UNIT,
            refused: door.refused.load(Ordering::Relaxed),
        }
    }
}

impl Permit {
    /// Takes further bytes, for a body that did not state how many come.
    ///
    /// # Errors
    /// [`Overloaded`] when too few are left.
    pub fn grow(&self, bytes: u64) -> Result<(), Overloaded> {
        let more = self.0.admission.take(bytes)?;
        locked(&self.0.bytes).merge(more);
        Ok(())
    }

    /// Gives the place to others and keeps the bytes.
    pub fn step_aside(&self) {
        locked(&self.0.place).take();
    }

    /// Has a place again: at once, or in turn.
    ///
    /// # Errors
    /// [`Overloaded`] when no place becomes free until `deadline`.
    pub async fn work(&self, deadline: Instant) -> Result<(), Overloaded> {
        if locked(&self.0.place).is_some() {
            return Ok(());
        }
        let admission = &self.0.admission;
        let door = &admission.0;
        match timeout_at(deadline, Arc::clone(&door.places).acquire_owned()).await {
            Ok(Ok(place)) => {
                *locked(&self.0.place) = Some(place);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(admission.refused(Overloaded::Requests {
                most: door.most_places,
            })),
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Held")
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEBI: u64 = 1 << 20;

    #[test]
    fn a_place_is_given_back() {
        let admission = Admission::new(1, MEBI);
        let place = admission.enter(None).unwrap();
        let refused = admission.enter(None).unwrap_err();
        assert_eq!(refused, Overloaded::Requests { most: 1 });
        drop(place);
        assert!(admission.enter(None).is_ok());
        assert_eq!(admission.counts().refused, 1);
    }

    #[test]
    fn bytes_are_counted_with_their_copy_and_given_back() {
        let admission = Admission::new(9, MEBI);
        let half = admission.enter(Some(MEBI / 4)).unwrap();
        assert_eq!(admission.counts().bytes, MEBI / 2);
        let refused = admission.enter(Some(MEBI / 4 + 1)).unwrap_err();
        assert_eq!(refused, Overloaded::Bytes { most: MEBI });
        // Its place was not kept.
        assert_eq!(admission.counts().requests, 1);
        let other = admission.enter(Some(MEBI / 4)).unwrap();
        assert!(other.grow(1).is_err());
        drop(half);
        assert!(other.grow(MEBI / 4).is_ok());
        drop(other);
        assert_eq!(admission.counts().bytes, 0);
    }

    #[test]
    fn what_is_larger_than_the_room_is_let_in_alone() {
        let admission = Admission::new(9, MEBI);
        let whole = admission.enter(Some(1 << 40)).unwrap();
        assert!(admission.enter(Some(1)).is_err());
        drop(whole);
        assert!(admission.enter(Some(1)).is_ok());
    }

    #[tokio::test]
    async fn who_steps_aside_keeps_bytes_and_waits_in_turn() {
        let admission = Admission::new(1, MEBI);
        let slow = admission.enter(Some(4_096)).unwrap();
        slow.step_aside();
        let quick = admission.enter(Some(4_096)).unwrap();
        assert_eq!(admission.counts().bytes, 4 * 4_096);
        let now = Instant::now();
        let refused = slow.work(now).await.unwrap_err();
        assert_eq!(refused, Overloaded::Requests { most: 1 });
        drop(quick);
        let later = now + std::time::Duration::from_secs(60);
        assert_eq!(slow.work(later).await, Ok(()));
        assert!(admission.enter(None).is_err());
    }
}
