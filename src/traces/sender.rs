//! The thread that sends spans, some at a time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use super::Span;
use super::otlp::document;
use crate::backend::remote::{Content, Remote, RemoteOptions, Retry, Timeouts};

/// Most spans of one request to the collector.
const MOST: usize = 512;

/// How long a span waits for others at most.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is handed to the thread.
pub(super) enum Message {
    /// A span that ended.
    Span(Box<Span>),
    /// Send all that came so far, and say so.
    Flush(SyncSender<()>),
}

/// Starts the thread; it ends when nobody can hand it anything any more.
pub(super) fn start(
    endpoint: &str,
    service: &str,
    waiting: Receiver<Message>,
) -> Result<(), String> {
    let time = Duration::from_secs(5);
    let options = RemoteOptions {
        timeouts: Timeouts {
            connect: time,
            first_byte: time,
            whole: 2 * time,
        },
        concurrency: 1,
        most_reply_bytes: 1 << 20,
        retries: 1,
        ..RemoteOptions::new("the collector of traces", endpoint)
    };
    let collector = Remote::new(options).map_err(|error| error.message)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let service = service.to_owned();
    let work = move || {
        runtime.block_on(async {
            while let Some((spans, flushed)) = batch(&waiting) {
                if !spans.is_empty() {
                    send(&collector, &service, &spans).await;
                }
                for done in flushed {
                    // Whoever asked may have lost patience.
                    done.try_send(()).unwrap_or_default();
                }
            }
        });
    };
    std::thread::Builder::new()
        .name("traces".into())
        .spawn(work)
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// Spans for one request, and who waits for them to be sent; none when nothing more can come.
fn batch(waiting: &Receiver<Message>) -> Option<(Vec<Span>, Vec<SyncSender<()>>)> {
    let mut spans = Vec::new();
    let mut next = waiting.recv().map_err(|_| RecvTimeoutError::Disconnected);
    loop {
        match next {
            Ok(Message::Span(span)) => spans.push(*span),
            Ok(Message::Flush(done)) => return Some((spans, vec![done])),
            Err(RecvTimeoutError::Disconnected) if spans.is_empty() => return None,
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                return Some((spans, Vec::new()));
            }
        }
        if spans.len() == MOST {
            return Some((spans, Vec::new()));
        }
        next = waiting.recv_timeout(PATIENCE);
    }
}

async fn send(collector: &Remote, service: &str, spans: &[Span]) {
    let content = Content {
        headers: vec![("content-type", "application/json".to_owned())],
        bytes: document(service, spans).to_string().into_bytes(),
    };
    let sent = match collector.enter().await {
        Ok(place) => place.post_bytes("v1/traces", Retry::Safe, content).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::warn!(%error, spans = spans.len(), "spans are lost");
    }
}
