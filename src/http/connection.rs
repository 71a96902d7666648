//! Connections whose next request does not come.
//!
//! The HTTP library gives the first head of a connection its time, and one on which nothing comes. A later head that
//! begins and does not end has none there, so that whoever sends a byte now and then would keep a connection for ever.
//! Here every connection has its time from the end of one request to the beginning of the next.

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

/// A connection that is given up when its next request does not come in time.
pub(super) struct Patient {
    stream: TcpStream,
    watch: Rc<Watch>,
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// A connection that was just taken.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Patient {
            stream,
            watch: Rc::new(Watch::new()),
            patience,
            timer: None,
        }
    }

    /// Whoever begins a request tells it this.
    pub(super) fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// Ready once the next request is too late. The timer goes on while a request is in work, and is set again where it
    /// was early, so that a request costs no timer of its own.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(since) = self.watch.waits_since() else {
                return Poll::Pending;
            };
            let end = since + self.patience;
            if end <= Clock.now() {
                return Poll::Ready(());
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
            ready!(timer.as_mut().poll(context));
            timer.as_mut().reset(end);
        }
    }

    fn written(&self, wrote: &Poll<io::Result<usize>>) {
        self.watch.is_stuck.set(wrote.is_pending());
        if wrote.is_ready() {
            self.watch.since.set(Clock.now());
        }
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
        this.written(&wrote);
        wrote
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(&wrote);
        wrote
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
