//! `opine serve`: the HTTP service, until a signal ends it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::runtime;
use super::{CliError, Common, Ending, output};
use crate::http::{Application, Stopper};
use crate::wire::JudgeJson;

/// Arguments of `opine serve`.
#[derive(Debug, Args)]
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

pub(super) fn run(arguments: &ServeArguments) -> Result<Ending, CliError> {
    let mut config = arguments.common.configuration()?;
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if let Some(folder) = &arguments.data {
        config.data.folder = Some(folder.clone());
    }
    config.data.salvage |= arguments.salvage;
    let runtime = runtime()?;
    runtime.block_on(async {
        let application = Application::build(&config)?;
        let stopped = stop_at_signals(Signals::listen()?, application.stopper());
        announce(&application);
        application.probe_backends();
        tokio::select! {
            ended = application.run_until_stopped() => ended.map(|()| Ending::Done).map_err(CliError::Serve),
            ending = stopped => Ok(ending),
        }
    })
}

/// Where it listens, who judges, and what to try next.
fn announce(application: &Application) {
    let address = application.address();
    output::say(format_args!("listening on http://{address}"));
    let (unbound, bound): (Vec<JudgeJson>, Vec<JudgeJson>) = application
        .judges()
        .into_iter()
        .partition(|judge| judge.state == "unbound");
    for judge in bound {
        output::say(format_args!("judge {} is {}", judge.id, judge.state));
        if let Some(remedy) = judge.remedy {
            output::say(format_args!("  hint: {remedy}"));
        }
    }
    output::say(format_args!(
        "{} more judges ask for a backend, as in `judge@backend`; GET /v1/judges lists all",
        unbound.len()
    ));
    if !address.ip().is_loopback() {
        output::say(format_args!(
            "hint: whoever reaches this address may use the service; it asks for no key"
        ));
    }
    if !application.keeps_jobs() {
        output::say(format_args!(
            "hint: jobs are off, and replies are stored in memory only; `--data FOLDER` keeps both"
        ));
    }
    output::say(format_args!(
        "try: curl -s -F image=@PHOTO.jpg http://{address}/v1/score"
    ));
}

/// The first signal finishes what is in work; a second one ends at once.
async fn stop_at_signals(mut signals: Signals, stopper: Stopper) -> Ending {
    signals.next().await;
    output::say(format_args!(
        "finishing the requests in work; a second signal ends at once"
    ));
    tokio::select! {
        () = stopper.stop() => Ending::Done,
        () = signals.next() => Ending::Incomplete,
    }
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

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Signals {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
