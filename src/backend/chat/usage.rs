//! What has been asked of a model, and what it cost.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::Prices;
use crate::backend::Spent;

/// Counts of one backend since it was opened.
#[derive(Debug, Default)]
pub(super) struct Usage {
    requests: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
}

impl Usage {
    /// Counts one reply, by its `usage` or by llama.cpp's own names. A reply without either counts as a request only.
    pub(super) fn count(&self, reply: &Value) {
        let number = |places: [&str; 2]| {
            let found = places.iter().find_map(|place| reply.pointer(place));
            found.and_then(Value::as_u64).unwrap_or_default()
        };
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.input.fetch_add(
            number(["/usage/prompt_tokens", "/tokens_evaluated"]),
            Ordering::Relaxed,
        );
        self.output.fetch_add(
            number(["/usage/completion_tokens", "/tokens_predicted"]),
            Ordering::Relaxed,
        );
    }

    pub(super) fn spent(&self, prices: Option<Prices>) -> Spent {
        let input_tokens = self.input.load(Ordering::Relaxed);
        let output_tokens = self.output.load(Ordering::Relaxed);
        let cost = prices.map(|prices| {
            (prices.input * input_tokens as f64 + prices.output * output_tokens as f64) / 1e6
        });
        Spent {
            requests: self.requests.load(Ordering::Relaxed),
            input_tokens,
            output_tokens,
            cost,
        }
    }
}
