//! What has been asked of a model, and what it cost.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::Prices;
use crate::backend::{Spent, meter};

/// Counts of one backend since it was opened.
#[derive(Debug, Default)]
pub(super) struct Usage {
    requests: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
}

impl Usage {
    /// Counts one reply, by its `usage` or by llama.cpp's own names. A reply without either counts as a request only.
    pub(super) fn count(&self, reply: &Value, prices: Option<Prices>) {
        let number = |places: [&str; 2]| {
            let found = places.iter().find_map(|place| reply.pointer(place));
            found.and_then(Value::as_u64)
        };
        let input = number(["/usage/prompt_tokens", "/tokens_evaluated"]);
        let output = number(["/usage/completion_tokens", "/tokens_predicted"]);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.input
            .fetch_add(input.unwrap_or_default(), Ordering::Relaxed);
        self.output
            .fetch_add(output.unwrap_or_default(), Ordering::Relaxed);
        let tokens = input.zip(output);
        let cost = tokens.zip(prices);
        meter::count(
            tokens,
            cost.map(|((input, output), prices)| price(prices, input, output)),
        );
    }

    pub(super) fn spent(&self, prices: Option<Prices>) -> Spent {
        let input_tokens = self.input.load(Ordering::Relaxed);
        let output_tokens = self.output.load(Ordering::Relaxed);
        let cost = prices.map(|prices| price(prices, input_tokens, output_tokens));
        Spent {
            requests: self.requests.load(Ordering::Relaxed),
            input_tokens,
            output_tokens,
            cost,
        }
    }
}

fn price(prices: Prices, input: u64, output: u64) -> f64 {
    (prices.input * input as f64 + prices.output * output as f64) / 1e6
}
