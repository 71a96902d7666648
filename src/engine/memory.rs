//! Memory for pixels: pictures are decoded only as long as there is room for them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::judging::Prompt;
use crate::pixels::{Limits, inspect};

/// Room for decoded pictures, shared by all backends that decode.
#[derive(Debug, Clone)]
pub(super) struct PictureMemory {
    room: Arc<Semaphore>,
    /// In [`UNIT`]s.
    most_units: u32,
    limits: Limits,
}

/// Room is counted in units of this size, so that a count fits a semaphore.
const UNIT: u64 = 4 << 10;

/// Bytes that decoding takes for each pixel at its peak; see [`Limits::max_memory`].
const BYTES_PER_PIXEL: u64 = 6;

impl PictureMemory {
    pub(super) fn new(bytes: u64, limits: Limits) -> Self {
        let most_units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        PictureMemory {
            room: Arc::new(Semaphore::new(most_units as usize)),
            most_units,
            limits,
        }
    }

    /// Waits in turn for room for the pictures of a prompt, as large as their headers say. Who has room waits for
    /// nothing else that is counted here, so that nobody waits for ever; who needs more than there is waits for all.
    pub(super) async fn room_for(&self, prompt: &Prompt) -> Option<OwnedSemaphorePermit> {
        let pixels = prompt.images().map(|image| {
            // A header that is refused makes the decoder refuse as well.
            inspect(image.bytes(), &self.limits).map_or(0, |header| header.pixels())
        });
        let bytes = pixels.sum::<u64>().saturating_mul(BYTES_PER_PIXEL);
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        let room = room.acquire_many_owned(units.min(self.most_units)).await;
        room.ok()
    }

    /// Bytes that are taken now.
    pub(super) fn taken(&self) -> u64 {
        u64::from(self.most_units)
            .saturating_sub(self.room.available_permits() as u64)
            .saturating_mul(UNIT)
    }
}
