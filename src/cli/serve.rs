//! `opine serve`: the HTTP service, until a signal ends it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::log::start_log;
use super::runtime;
use super::{CliError, Common, Ending, output};
use crate::http::{Application, Models, Stopper};
use crate::wire::JudgeJson;

/// Arguments of `opine serve`.
#[derive(Debug, Args)]
#[command(after_long_help = AT_THE_END)]
pub(super) struct ServeArguments {
    /// Address to listen on; port 0 takes a free one [default: the configuration's, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Folder for jobs, results and stored replies [default: the configuration's; jobs are off without one]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Set a damaged database aside and keep what can be read of it
    #[arg(long)]
    salvage: bool,
    #[command(flatten)]
    common: Common,
}

/// What becomes of a service at a signal.
const AT_THE_END: &str = "At a SIGTERM, /readyz answers 503 from then on, requests are served for `[admission] notice_seconds` more, \
those in work are finished, and the exit code is 0. An interrupt does the same without notice. A second signal ends at once, with exit \
code 1, and requests in work are lost.";

pub(super) fn run(arguments: &ServeArguments) -> Result<Ending, CliError> {
    let mut config = arguments.common.configuration()?;
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    let _tail = start_log(&config.log, &config.traces)?;
    if let Some(folder) = &arguments.data {
        config.data.folder = Some(folder.clone());
    }
    config.data.salvage |= arguments.salvage;
    let runtime = runtime()?;
    runtime.block_on(async {
        let application = Application::build(&config)?;
        let stopped = stop_at_signals(Signals::listen()?, application.stopper());
        let (models, address) = (application.models(), application.address());
        let asks_for_keys = application.asks_for_keys();
        let keeps_jobs = application.keeps_jobs();
        output::say(format_args!("listening on http://{address}"));
        let reloading = reload_at_hangups(Hangups::listen()?, models.clone());
        let working = async {
            models.open().await?;
            announce(&models.judges(), address, asks_for_keys, keeps_jobs);
            models.probe_backends();
            Err::<std::convert::Infallible, CliError>(reloading.await)
        };
        tokio::select! {
            ended = application.run_until_stopped() => ended.map(|()| Ending::Done).map_err(CliError::Serve),
            Err(error) = working => Err(error),
            ending = stopped => Ok(ending),
        }
    })
}

/// Who judges, and what to try next.
fn announce(judges: &[JudgeJson], address: SocketAddr, asks_for_keys: bool, keeps_jobs: bool) {
    let (unbound, bound): (Vec<&JudgeJson>, Vec<&JudgeJson>) =
        judges.iter().partition(|judge| judge.state == "unbound");
    for judge in bound {
        output::say(format_args!("judge {} is {}", judge.id, judge.state));
        if let Some(remedy) = &judge.remedy {
            output::say(format_args!("  hint: {remedy}"));
        }
    }
    output::say(format_args!(
        "{} more judges ask for a backend, as in `judge@backend`; GET /v1/judges lists all",
        unbound.len()
    ));
    if asks_for_keys {
        output::say(format_args!(
            "every request needs a key, but /healthz and /readyz"
        ));
    } else if address.ip().to_canonical().is_loopback() {
        output::say(format_args!(
            "no keys: for development, and for this machine only; `opine keys new NAME` makes one"
        ));
    } else {
        output::say(format_args!(
            "warning: whoever reaches this address may use the service; it asks for no key"
        ));
    }
    if !keeps_jobs {
        output::say(format_args!(
            "hint: jobs are off, and replies are stored in memory only; `--data FOLDER` keeps both"
        ));
    }
    output::say(format_args!(
        "try: curl -s -F image=@PHOTO.jpg http://{address}/v1/score"
    ));
}

/// Reads cards and maps again at every SIGHUP; the log says what came of it. It ends only with the process.
async fn reload_at_hangups(mut hangups: Hangups, models: Models) -> CliError {
    loop {
        hangups.next().await;
        match models.reload().await {
            Ok(changes) => output::say(format_args!(
                "cards and maps were read again: {} judges, {} maps; {} added, {} changed, {} removed",
                changes.judges,
                changes.maps,
                changes.added.len(),
                changes.changed.len(),
                changes.removed.len()
            )),
            Err(error) => output::say(format_args!(
                "error: {error}\n  hint: cards and maps stay as they were"
            )),
        }
    }
}

/// The first signal finishes what is in work; a second one ends at once.
async fn stop_at_signals(mut signals: Signals, stopper: Stopper) -> Ending {
    let first = signals.next().await;
    output::say(format_args!(
        "finishing the requests in work; a second signal ends at once, with exit code 1"
    ));
    let stopping = async {
        match first {
            Told::ToTerminate => stopper.stop_with_notice().await,
            Told::ToInterrupt => stopper.stop().await,
        }
    };
    tokio::select! {
        () = stopping => Ending::Done,
        _ = signals.next() => end_at_once(),
    }
}

/// Models, stores and connections are left as they are: a return would wait for the work of threads.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever asks twice does not want to wait for what is in work"
)]
fn end_at_once() -> ! {
    std::process::exit(1)
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// To end, by whoever runs the service.
    ToTerminate,
    /// To end, from the terminal.
    ToInterrupt,
}

/// Interrupts from the terminal and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// Would end the process where a limit on file sizes is met; heard, it makes that a full disk like any other.
    #[cfg(target_os = "linux")]
    _file_size: tokio::signal::unix::Signal,
}

/// SIGXFSZ on Linux.
#[cfg(target_os = "linux")]
const FILE_SIZE: i32 = 25;

#[cfg(unix)]
impl Signals {
    /// From here on a signal no longer ends the process by itself.
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            #[cfg(target_os = "linux")]
            _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::ToInterrupt,
            _ = self.terminate.recv() => Told::ToTerminate,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Signals {})
    }

    async fn next(&mut self) -> Told {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Told::ToInterrupt
    }
}

/// SIGHUP, on Unix.
struct Hangups {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Hangups {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Hangups {
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        if self.hangup.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
impl Hangups {
    fn listen() -> io::Result<Self> {
        Ok(Hangups {})
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
