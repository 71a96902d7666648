//! URLs of strangers, against a second reading of addresses and of URLs: that of Python's standard library.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use opine::fetch::{ByteBudget, HostPattern, Lookup, UrlReader, UrlRules, refusal};

use crate::support::lots::Lots;

/// What a program says to each of these lines, in a line of its own.
fn python(program: &str, lines: &[String]) -> Vec<String> {
    let mut child = Command::new("python3")
        .args(["-I", "-X", "utf8", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<String> = said.lines().map(str::to_owned).collect();
    assert_eq!(said.len(), lines.len());
    said
}

const IS_PUBLIC: &str = "
import ipaddress, sys
for line in sys.stdin:
    address = ipaddress.ip_address(line.strip())
    print(int(address.is_global and not address.is_multicast))
";

fn address(lots: &mut Lots) -> IpAddr {
    // First bytes that mean something special, and others.
    let first = [10, 100, 127, 169, 172, 192, 198, 203, 224, 240, 0, 255];
    let second = [0, 64, 127, 254, 16, 31, 168, 18, 19, 51, 88, 2];
    if lots.below(2) == 0 {
        let mut parts = [0; 4].map(|_: u8| lots.byte());
        if lots.below(3) > 0 {
            parts[0] = first[lots.place(first.len())];
            parts[1] = second[lots.place(second.len())];
        }
        return Ipv4Addr::from(parts).into();
    }
    let prefixes = [
        0x2001, 0x2002, 0x2600, 0x2a00, 0x3fff, 0x64, 0xfc00, 0xfe80, 0xfec0, 0xff02, 0x100, 0,
    ];
    let mut segments = [0; 8].map(|_: u16| u16::try_from(lots.below(65_536)).unwrap());
    if lots.below(4) > 0 {
        segments[0] = prefixes[lots.place(prefixes.len())];
        let second = [0, 1, 2, 0xdb8, 0xff9b, 0x20];
        segments[1] = second[lots.place(second.len())];
    }
    if lots.below(3) == 0 {
        segments[2..6].fill(0);
    }
    Ipv6Addr::from(segments).into()
}

#[test]
fn what_is_dialled_is_public_by_another_reading_as_well() {
    let mut lots = Lots(0xadd_4e55);
    let addresses: Vec<IpAddr> = (0..20_000).map(|_| address(&mut lots)).collect();
    let lines: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    let said = python(IS_PUBLIC, &lines);
    let (mut public, mut refused) = (0, 0);
    for (address, said) in addresses.iter().zip(said) {
        match refusal(*address) {
            None => {
                assert_eq!(said, "1", "{address}");
                public += 1;
            }
            Some(_) => refused += 1,
        }
    }
    assert!(public > 3_000 && refused > 3_000, "{public} {refused}");
}

/// Notes which names are asked for, and leads all of them inside.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<String>>);

#[async_trait]
impl Lookup for Noting {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().push(host.to_owned());
        Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
    }
}

/// A number as some read it: with zeros before it, octal, hexadecimal, in digits of another script.
fn spelt(number: u32, lots: &mut Lots) -> String {
    let plain = match lots.below(6) {
        0 => format!("0{number:o}"),
        1 => format!("0x{number:x}"),
        2 => format!("0X{number:08X}"),
        _ => number.to_string(),
    };
    let disguised = plain.chars().map(|digit| match (digit, lots.below(8)) {
        ('0'..='9', 0) => char::from_u32(0xff10 + (digit as u32 - 0x30))
            .unwrap()
            .to_string(),
        (_, 1) => format!("%{:02x}", digit as u32),
        _ => digit.to_string(),
    });
    disguised.collect()
}

/// An address inside, in one of its many spellings.
fn inside(lots: &mut Lots) -> String {
    let address = [
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::new(169, 254, 169, 254),
        Ipv4Addr::new(10, 0, 0, 1),
    ][lots.place(3)];
    let [a, b, c, d] = address.octets().map(u32::from);
    let bits = address.to_bits();
    let parts = match lots.below(6) {
        0 => vec![bits],
        1 => vec![a, bits & 0xff_ffff],
        2 => vec![a, b, bits & 0xffff],
        3 => {
            let mapped = [address.to_ipv6_mapped(), address.to_ipv6_compatible()];
            return format!("[{}]", mapped[lots.place(2)]);
        }
        _ => vec![a, b, c, d],
    };
    let dot = [".", ".", ".", "\u{3002}", "%2e"][lots.place(5)];
    let parts: Vec<String> = parts.into_iter().map(|part| spelt(part, lots)).collect();
    parts.join(dot) + ["", "", "."][lots.place(3)]
}

/// A URL that names a host, or seems to.
fn url(port: u16, lots: &mut Lots) -> String {
    let names = [
        "inside.test",
        "IMAGES.test",
        "x.inside.test",
        "evil.test",
        "\u{ff49}mages.test",
    ];
    let host = match lots.below(2) {
        0 => inside(lots),
        _ => names[lots.place(names.len())].to_owned(),
    };
    let before = [
        "",
        "",
        "",
        "",
        "images.test@",
        "images.test:80@",
        "a:b@",
        "images.test#@",
    ];
    let after = [
        "/",
        "",
        "?",
        "#",
        "/@images.test",
        "#@images.test/",
        "\\@images.test/",
    ];
    let ports = [
        format!(":{port}"),
        format!(":{port}"),
        format!(":0{port}"),
        String::new(),
    ];
    let schemes = ["http", "http", "HTTP", "hTtP", "ftp", "file"];
    format!(
        "{}{}{}{host}{}{}",
        schemes[lots.place(schemes.len())],
        [":/", ":///", ":\\\\", "://"][lots.place(16).min(3)],
        before[lots.place(before.len())],
        ports[lots.place(ports.len())],
        after[lots.place(after.len())],
    )
}

const HOST: &str = "
import sys, unicodedata
from urllib.parse import unquote, urlsplit
for line in sys.stdin:
    host = urlsplit(line.rstrip('\\n')).hostname or ''
    print(unicodedata.normalize('NFKC', unquote(host)).lower())
";

#[tokio::test]
async fn no_spelling_leads_inside_and_no_other_host_is_meant_than_is_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let hosts = [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::7f00:1]",
        "*.inside.test",
        "inside.test",
        "images.test",
    ];
    let hosts = hosts.map(|host| HostPattern::parse(host).unwrap());
    let mut rules = UrlRules::new(hosts.to_vec());
    rules.http = true;
    rules.ports = vec![port];
    rules.rate = opine::access::Rate::new(1e6, 1_000_000).unwrap();
    let lookup = Arc::new(Noting::default());
    let reader = UrlReader::new(rules, Arc::clone(&lookup) as _).unwrap();
    let budget = ByteBudget::new(1 << 20);
    let mut lots = Lots(0x0f00_1ed5);
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut asked: Vec<(String, String)> = Vec::new();
    for _ in 0..4_000 {
        let url = url(port, &mut lots);
        let refused = reader.read(&url, &budget).await;
        let refused = refused.expect_err(&url);
        *codes.entry(refused.code()).or_default() += 1;
        let names = std::mem::take(&mut *lookup.0.lock().unwrap());
        assert!(names.len() < 2, "{url}: {names:?}");
        asked.extend(names.into_iter().map(|name| (url.clone(), name)));
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(codes["image_url_unreachable"] > 300, "{codes:?}");
    // Where a name was looked up it is the one that the other reader finds.
    assert!(asked.len() > 100, "{}", asked.len());
    let urls: Vec<String> = asked.iter().map(|(url, _)| url.clone()).collect();
    for ((url, name), said) in asked.iter().zip(python(HOST, &urls)) {
        assert_eq!(*name, said, "{url}");
    }
}
