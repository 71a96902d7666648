//! What the way to an engine costs, against one that takes a fixed 50 ms.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use opine::backend::Backend;
use opine::backend::kserve::{Kserve, Output, Wire};
use serde_json::json;

use super::kserve::{labels, question, served};
use crate::support::scripted::{Play, Scripted};

const PAUSE: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_scores_take_as_long_as_the_engine() {
    const SCORES: u32 = 96;
    const AT_ONCE: u32 = 16;
    let answer =
        json!({"outputs": [{"name": "logits", "datatype": "FP32", "data": [2, 1, 0, -1, -2]}]});
    let server = Scripted::forgetful(move |_| Play::Later(PAUSE, Box::new(Play::json(&answer))));
    let output = Output::Logits(labels());
    let backend: Kserve = served(server.url("/"), "logits", output, Some(Wire::Json));
    assert_eq!(backend.abilities().concurrency, 16);
    let prompts: Vec<_> = (0..SCORES)
        .map(|index| question(u8::try_from(index % 256).unwrap()))
        .collect();
    let run = async |count: usize| {
        let began = Instant::now();
        let answers: Vec<_> = stream::iter(&prompts[..count])
            .map(|prompt| backend.ask(std::slice::from_ref(prompt)))
            .buffer_unordered(64)
            .collect()
            .await;
        assert!(answers.iter().flatten().all(Result::is_ok));
        began.elapsed()
    };
    // Opens the connections.
    run(32).await;
    let ideal = PAUSE * (SCORES / AT_ONCE);
    let mut best = Duration::MAX;
    // The best of several: other tests run beside this one. `cargo bench --bench remote` holds the figure of the
    // contract, 1.1; here a pause too many for each score, or half of the places unused, must be seen.
    for _ in 0..8 {
        let took = run(prompts.len()).await;
        assert!(took >= ideal, "the engine was not waited for");
        best = best.min(took);
        if best < ideal * 5 / 4 {
            break;
        }
    }
    assert!(best < ideal * 19 / 10, "{best:?}, ideal {ideal:?}");
}
