//! Engines behind a private authority.

use opine::backend::remote::{Remote, RemoteOptions};

use super::options;
use crate::support::tls::{Authority, serve};

#[tokio::test]
async fn an_engine_of_a_private_authority_is_asked_where_that_is_named() {
    let ours = Authority::new("ours");
    let shown = ours.sign("localhost", (2020, 2090));
    let address = serve(shown, "application/json", b"{\"data\": 7}".to_vec());
    let url = format!("https://localhost:{}/v1", address.port());
    let trusting = RemoteOptions {
        authorities: vec![ours.pem.into_bytes()],
        ..options(url.clone())
    };
    let remote = Remote::new(trusting).unwrap();
    let reply = remote.enter().await.unwrap().get_json("models").await;
    assert_eq!(reply.unwrap()["data"], 7);
    let stranger = Remote::new(RemoteOptions {
        retries: 0,
        ..options(url.clone())
    });
    let stranger = stranger.unwrap();
    let place = stranger.enter().await.unwrap();
    let refused = place.get_json("models").await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
    let nothing = RemoteOptions {
        authorities: vec![b"nothing".to_vec()],
        ..options(url)
    };
    let refused = Remote::new(nothing).unwrap_err();
    assert!(refused.message.contains("`authorities`"), "{refused:?}");
}
