//! Connections whose next request does not come, or whose responses nobody takes.
//!
//! The HTTP library gives the first head of a connection its time, and one on which nothing comes. A later head that
//! begins and does not end has none there, so that whoever sends a byte now and then would keep a connection for ever.
//! Here every connection has its time from the end of one request to the beginning of the next.
//!
//! Nor has a response an end there: whoever asks and does not read would keep connection, buffers and body. Here the
//! other side must take what waits for it at a least rate. A stream on which nothing waits, such as events of a job
//! in which nothing happens, may last as long as it likes.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::pace::Pace;
use crate::engine::Clock;

/// What is known of a connection. It lives on one thread, like the connection.
#[derive(Debug)]
pub(super) struct Watch {
    /// Requests whose responses are not handed over whole.
    in_work: Cell<usize>,
    /// Whether bytes of a response wait because the other side does not read.
    is_stuck: Cell<bool>,
    /// Since when nothing is in work, and nothing was written.
    since: Cell<Instant>,
}

/// A request in work on a connection; over when dropped.
#[derive(Debug)]
pub(super) struct InWork(Rc<Watch>);

impl Watch {
    fn new() -> Self {
        Watch {
            in_work: Cell::new(0),
            is_stuck: Cell::new(false),
            since: Cell::new(Clock.now()),
        }
    }

    /// The head of a request is there.
    pub(super) fn begin(watch: &Rc<Self>) -> InWork {
        watch.in_work.set(watch.in_work.get() + 1);
        InWork(Rc::clone(watch))
    }

    /// Since when the next request is waited for; nothing while one is in work or its response is being read.
    fn waits_since(&self) -> Option<Instant> {
        (self.in_work.get() == 0 && !self.is_stuck.get()).then(|| self.since.get())
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.in_work.set(self.0.in_work.get() - 1);
        self.0.since.set(Clock.now());
    }
}

/// A body whose request is in work until all of it is handed over.
pub(super) struct Held {
    body: BoxBody,
    _request: InWork,
}

impl Held {
    pub(super) fn new(body: BoxBody, request: InWork) -> Self {
        Held {
            body,
            _request: request,
        }
    }
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

/// A timer that is made when it is first needed.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready at that moment or after it. No moment may lie before an earlier one that was asked for: the timer goes on,
    /// and is set again where it was early, so that a request costs no timer of its own.
    fn poll_at(&mut self, end: Instant, context: &mut Context<'_>) -> Poll<()> {
        while Clock.now() < end {
            let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(end)));
            ready!(timer.as_mut().poll(context));
            timer.as_mut().reset(end);
        }
        Poll::Ready(())
    }
}

/// A connection that is given up when its next request does not come in time, or its response is not taken.
pub(super) struct Patient {
    stream: TcpStream,
    watch: Rc<Watch>,
    patience: Duration,
    request_alarm: Alarm,
    pace: Pace,
    response_alarm: Alarm,
}

impl Patient {
    /// A connection that was just taken; the other side has this patience for a request, and this pace for responses.
    pub(super) fn new(stream: TcpStream, patience: Duration, pace: Pace) -> Self {
        Patient {
            stream,
            watch: Rc::new(Watch::new()),
            patience,
            request_alarm: Alarm::default(),
            pace,
            response_alarm: Alarm::default(),
        }
    }

    /// Whoever begins a request tells it this.
    pub(super) fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// Ready once the next request is too late.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.watch.waits_since() {
            Some(since) => self.request_alarm.poll_at(since + self.patience, context),
            None => Poll::Pending,
        }
    }

    /// Takes note of a write, and ends it where the other side has taken too little for too long.
    fn written(
        &mut self,
        wrote: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let now = Clock.now();
        self.watch.is_stuck.set(wrote.is_pending());
        if let Poll::Ready(taken) = &wrote {
            self.watch.since.set(now);
            let taken = taken.as_ref().map_or(0, |bytes| *bytes as u64);
            self.pace.count(taken, now);
            return wrote;
        }
        let Some(end) = self.pace.wait(now) else {
            return Poll::Pending;
        };
        ready!(self.response_alarm.poll_at(end, context));
        // What the system holds for it goes at once, and is not kept until somebody reads it.
        drop(self.stream.set_zero_linger());
        tracing::debug!("a response is not read, and its connection is given up");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.poll_late(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(wrote, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
