//! Images by URL: what is never asked, what is asked and how, on every path that takes a URL.

mod certificates;
mod hostile;
mod paths;
mod refused;
mod routes;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use opine::fetch::{ByteBudget, FetchError, HostPattern, Lookup, UrlReader, UrlRules};

/// A lookup that gives one answer after the other, the last one for ever, and counts.
#[derive(Debug, Default)]
struct Scripted {
    answers: BTreeMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let addresses = |all: &&[&str]| all.iter().map(|text| text.parse().unwrap()).collect();
        let answers = answers
            .iter()
            .map(|(host, answers)| (*host, answers.iter().map(addresses).collect()));
        Arc::new(Scripted {
            answers: answers.collect(),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Lookup for Scripted {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answers = self.answers.get(host);
        let answers = answers.ok_or_else(|| io::Error::other("no such host"))?;
        Ok(answers[turn.min(answers.len() - 1)].clone())
    }
}

/// Rules for tests: `http` to these hosts at one port, this machine allowed.
fn rules(hosts: &[&str], port: u16) -> UrlRules {
    let hosts = hosts.iter().map(|host| HostPattern::parse(host).unwrap());
    let mut rules = UrlRules::new(hosts.collect());
    rules.http = true;
    rules.ports = vec![port];
    rules.allow_loopback = true;
    rules
}

fn read(rules: UrlRules, lookup: Arc<Scripted>, url: &str) -> Result<Vec<u8>, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let reader = UrlReader::new(rules, lookup).unwrap();
        reader.read(url, &ByteBudget::new(64 << 20)).await
    })
}
