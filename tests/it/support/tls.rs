//! Hosts that speak TLS, with certificates of an authority that the test makes for itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Who signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as whoever trusts it has it.
    pub(crate) pem: String,
}

/// What a host shows.
pub(crate) struct Shown {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// One that nobody knows yet.
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A certificate for a host, from the first day of one year to that of another.
    pub(crate) fn sign(&self, host: &str, (from, to): (i32, i32)) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = params(host, (from, to)).signed_by(&key, &self.issuer);
        Shown {
            certificate: certificate.unwrap().into(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

fn params(host: &str, (from, to): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// A certificate that its owner signed.
pub(crate) fn self_signed(host: &str) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params(host, (2020, 2090)).self_signed(&key);
    Shown {
        certificate: certificate.unwrap().into(),
        key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    }
}

/// A host that shows this to whoever comes, and answers each request with `body`. It ends with the process.
pub(crate) fn serve(shown: Shown, media_type: &'static str, body: Vec<u8>) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![shown.certificate], shown.key);
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Whoever does not trust us leaves in the middle.
            drop(answer(stream, &config, media_type, &body));
        }
    });
    address
}

fn answer(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    media_type: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    stream.conn.send_close_notify();
    stream.flush()
}
