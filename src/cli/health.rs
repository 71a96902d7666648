//! `opine health`: asks a running service how it is, so that a container needs no other program to check itself.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::runtime;
use super::{CliError, Ending, output};
use crate::backend::remote::{Remote, RemoteOptions, Timeouts};

/// Arguments of `opine health`.
#[derive(Debug, Args)]
pub(super) struct HealthArguments {
    /// Address of a probe: its `/healthz` says that the process lives, its `/readyz` that it can judge
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080/readyz")]
    url: String,
    /// Most seconds to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    seconds: u16,
}

/// Ends with 0 where the service says that all is well, else with 1.
pub(super) fn run(arguments: &HealthArguments) -> Result<Ending, CliError> {
    let time = Duration::from_secs(u64::from(arguments.seconds.max(1)));
    let remote = Remote::new(RemoteOptions {
        name: "the service".into(),
        url: arguments.url.clone(),
        key: None,
        key_header: None,
        headers: BTreeMap::new(),
        timeouts: Timeouts {
            connect: time,
            first_byte: time,
            whole: time,
        },
        concurrency: 1,
        most_reply_bytes: 16 << 20,
        retries: 0,
        authorities: Vec::new(),
    })
    .map_err(|error| CliError::Faults(error.message))?;
    let runtime = runtime()?;
    let path = arguments.url.splitn(4, '/').nth(3).unwrap_or_default();
    let answered = runtime.block_on(async { remote.enter().await?.get(&format!("/{path}")).await });
    match answered {
        Ok(_) => Ok(Ending::Done),
        Err(error) => {
            output::say(format_args!("error: {error}"));
            Ok(Ending::Incomplete)
        }
    }
}
