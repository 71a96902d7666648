//! Quotas of keys from one start of the service to the next.

use std::collections::BTreeMap;
use std::path::Path;

use opine::access::{NewKey, Scope};
use opine::config::KeyConfig;
use tempfile::TempDir;

use crate::support::app::{Reply, TestApp};
use crate::support::served::Served;

const PER_DAY: u64 = 1_000;

/// How many requests are left of the day, as a response says.
fn left(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200);
    let limit = &reply.headers["ratelimit"];
    let rest = limit.split("\"day\";r=").nth(1).unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

/// A service on that folder whose key has a quota.
fn app(folder: &TempDir, key: &NewKey, per_day: u64) -> TestApp {
    TestApp::with(|config| {
        config.data.folder = Some(folder.path().to_owned());
        let mobile = KeyConfig {
            digest: key.digest(),
            scopes: Scope::ALL.to_vec(),
            requests_per_second: None,
            burst: None,
            requests_per_day: Some(per_day),
        };
        config.access.keys = BTreeMap::from([("mobile".to_owned(), mobile)]);
    })
}

fn ask(app: &TestApp, key: &NewKey) -> Reply {
    app.send("GET", "/v1/judges", &[("x-api-key", key.reveal())], b"")
}

/// What the database of a folder says of the key; it may be read while a service has the folder.
fn stored(folder: &Path) -> u64 {
    let connection = rusqlite::Connection::open(folder.join("opine.sqlite")).unwrap();
    let used = connection.query_row("SELECT used FROM uses WHERE key = 'mobile'", [], |row| {
        row.get::<_, i64>(0)
    });
    u64::try_from(used.unwrap_or(0)).unwrap()
}

#[test]
fn a_restart_gives_no_quota_back_and_takes_none() {
    let (folder, key) = (tempfile::tempdir().unwrap(), NewKey::generate().unwrap());
    let mut expected = PER_DAY;
    for requests in [3, 1, 7] {
        let mut app = app(&folder, &key, PER_DAY);
        for _ in 0..requests {
            expected -= 1;
            assert_eq!(left(&ask(&app, &key)), expected);
        }
        app.stop().unwrap();
        drop(app);
        crate::jobs::released(folder.path());
        assert_eq!(stored(folder.path()), PER_DAY - expected);
    }
    // A key that is given less than it has used already has nothing left.
    let app = app(&folder, &key, 5);
    let refused = ask(&app, &key);
    refused.problem("quota_spent");
    assert!(refused.headers["ratelimit"].contains("\"day\";r=0;"));
}

#[test]
fn a_kill_costs_the_count_of_the_last_moment_at_most() {
    let (folder, key) = (tempfile::tempdir().unwrap(), NewKey::generate().unwrap());
    let config = folder.path().join("opine.toml");
    let text = format!(
        "[access.keys.mobile]\ndigest = '{}'\nscopes = ['read']\nrequests_per_day = {PER_DAY}\n",
        key.digest()
    );
    std::fs::write(&config, text).unwrap();
    let data = folder.path().join("data");
    let arguments = [
        "--data",
        data.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    let ask = |served: &Served| {
        let headers = [("x-api-key", key.reveal())];
        served.send("GET", "/v1/judges", &headers, b"").unwrap()
    };
    let served = Served::start(&arguments);
    for sent in 1..=4 {
        assert_eq!(left(&ask(&served)), PER_DAY - sent);
    }
    // Written behind, and soon.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while stored(&data) < 4 {
        assert!(std::time::Instant::now() < patience, "it is never written");
        std::thread::yield_now();
    }
    for _ in 0..2 {
        ask(&served);
    }
    served.kill();
    let served = Served::start(&arguments);
    let again = left(&ask(&served));
    assert!((PER_DAY - 7..=PER_DAY - 5).contains(&again), "{again}");
    // An end in good order costs nothing.
    assert_eq!(served.terminate().code(), Some(0));
    assert_eq!(stored(&data), PER_DAY - again);
}
