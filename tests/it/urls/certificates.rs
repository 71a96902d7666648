//! Hosts on the list that show what they are, or fail to.

use std::net::{SocketAddr, TcpListener};

use opine::config::UrlsConfig;
use opine::fetch::FetchError;
use serde_json::json;

use super::{Scripted, read, rules};
use crate::support::app::{TestApp, config};
use crate::support::png;
use crate::support::tls::{Authority, Shown, self_signed, serve};

/// What is read of `https://images.test` at that address, with these authorities.
fn fetch(address: SocketAddr, authorities: &[&str]) -> Result<Vec<u8>, FetchError> {
    let mut rules = rules(&["images.test"], address.port());
    rules.http = false;
    rules.authorities = authorities
        .iter()
        .map(|pem| pem.as_bytes().to_vec())
        .collect();
    let lookup = Scripted::new(&[("images.test", &[&["127.0.0.1"]])]);
    read(
        rules,
        lookup,
        &format!("https://images.test:{}/", address.port()),
    )
}

fn host(shown: Shown) -> SocketAddr {
    serve(shown, "image/png", b"a picture".to_vec())
}

const NOW: (i32, i32) = (2020, 2090);

#[test]
fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let ours = Authority::new("ours");
    let theirs = Authority::new("theirs");
    let address = host(ours.sign("images.test", NOW));
    assert_eq!(fetch(address, &[&ours.pem]).unwrap(), b"a picture");
    // One file may hold several, and several files may be named.
    let both = format!("{}{}", theirs.pem, ours.pem);
    assert_eq!(fetch(address, &[&both]).unwrap(), b"a picture");
    assert_eq!(
        fetch(address, &[&theirs.pem, &ours.pem]).unwrap(),
        b"a picture"
    );
    for authorities in [&[][..], &[theirs.pem.as_str()]] {
        let refused = fetch(address, authorities).unwrap_err();
        assert_eq!(refused, FetchError::Untrusted);
    }
}

#[test]
fn a_certificate_that_is_of_another_name_or_time_or_of_nobody_is_refused() {
    let ours = Authority::new("ours");
    for (name, shown) in [
        ("another name", ours.sign("other.test", NOW)),
        ("a name below", ours.sign("x.images.test", NOW)),
        ("an address", ours.sign("127.0.0.1", NOW)),
        ("expired", ours.sign("images.test", (2001, 2002))),
        ("not yet", ours.sign("images.test", (2089, 2090))),
        ("of itself", self_signed("images.test")),
    ] {
        let refused = fetch(host(shown), &[&ours.pem]).unwrap_err();
        assert_eq!(refused.code(), "image_url_untrusted", "{name}");
        assert!(!refused.may_pass());
    }
}

#[test]
fn what_speaks_no_tls_is_as_unreachable_as_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let plain = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        // The asker may have left.
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    });
    assert_eq!(fetch(address, &[]).unwrap_err(), FetchError::Unreachable);
    plain.join().unwrap();
    assert_eq!(fetch(address, &[]).unwrap_err(), FetchError::Unreachable);
}

#[test]
fn the_setting_names_files_and_a_score_by_url_goes_over_tls() {
    let ours = Authority::new("ours");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ours.pem");
    std::fs::write(&file, &ours.pem).unwrap();
    let address = serve(ours.sign("images.test", NOW), "image/png", png::gray(200));
    let urls = |authorities: Vec<std::path::PathBuf>| UrlsConfig {
        hosts: vec!["images.test".into()],
        ports: vec![address.port()],
        addresses: [("images.test".into(), vec![address.ip()])].into(),
        allow_loopback: true,
        authorities,
        ..UrlsConfig::default()
    };
    let image = json!({"url": format!("https://images.test:{}/a.png", address.port())});
    let body = json!({"judge": "brightness", "images": [image]});
    for (authorities, status, reason) in [
        (vec![file], "scored", json!(null)),
        (vec![], "unscored", json!("image_url_untrusted")),
    ] {
        let app = TestApp::with(|config| config.images.urls = urls(authorities));
        let result = &app.score(&body).results()[0];
        assert_eq!(
            (&result["status"], &result["reason"]),
            (&json!(status), &reason),
            "{result}"
        );
    }
    // A file that is not there, and one that holds no certificate, end the start.
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for (file, word) in [
        (folder.path().join("gone.pem"), "gone.pem"),
        (empty, "no certificate"),
    ] {
        let mut config = config();
        config.images.urls = urls(vec![file]);
        let refused = opine::assemble::url_reader(&config)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("`authorities`") && refused.contains(word),
            "{refused}"
        );
    }
}
