//! Admission: what is let in is finished, what is too much is told so at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets in a bounded number of requests.
#[derive(Debug, Clone)]
pub struct Admission {
    requests: Arc<Semaphore>,
    most: usize,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
}

/// Every place is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{most} requests are in work already; try again in a moment")]
pub struct Overloaded {
    /// How many places there are.
    pub most: usize,
}

impl Admission {
    /// At most `most` requests at a time.
    pub fn new(most: usize) -> Self {
        Admission {
            requests: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// Takes a place or refuses at once; nobody waits at the door.
    ///
    /// # Errors
    /// [`Overloaded`] when every place is taken.
    pub fn enter(&self) -> Result<Permit, Overloaded> {
        match Arc::clone(&self.requests).try_acquire_owned() {
            Ok(place) => Ok(Permit { _place: place }),
            Err(_) => Err(Overloaded { most: self.most }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let admission = Admission::new(1);
        let place = admission.enter().unwrap();
        assert_eq!(admission.enter().unwrap_err(), Overloaded { most: 1 });
        drop(place);
        assert!(admission.enter().is_ok());
    }
}
