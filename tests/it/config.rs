//! The configuration as a user meets it: the example, the environment, and everything that is wrong at once.

use std::collections::BTreeSet;
use std::path::Path;

use opine::config::{BackendConfig, Config, EXAMPLE, Source};

use crate::command::{opine, stderr};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn variables(set: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    set.iter().map(owned).collect()
}

/// The example with every setting set.
fn everything_set() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn the_example_holds_the_defaults() {
    let example = Config::read("example", EXAMPLE, vec![]).unwrap();
    assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    let printed = opine(root(), &["config", "example"]);
    assert_eq!(printed.stdout, EXAMPLE.as_bytes());
}

/// Public fields of the types that are read from a configuration, from their source: a new key must join the example.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("src/config")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for item in text.split("#[derive(").skip(1) {
            let (derives, rest) = item.split_once(")]").unwrap();
            let (head, body) = rest.split_once('{').unwrap_or((rest, ""));
            if !derives.contains("Deserialize") || !head.contains("pub struct") {
                continue;
            }
            let (body, _) = body.split_once("\n}").unwrap();
            let lines: Vec<&str> = body.lines().map(str::trim).collect();
            for pair in lines.windows(2) {
                let field = pair[1].strip_prefix("pub ");
                let name = field.and_then(|field| field.split_once(": "));
                if let Some((name, _)) = name.filter(|_| !pair[0].contains("flatten")) {
                    keys.insert(name.to_owned());
                }
            }
        }
    }
    keys
}

#[test]
fn the_example_names_every_key_and_its_settings_are_read() {
    let set = everything_set();
    let keys = keys();
    assert!(
        keys.len() > 50 && keys.contains("first_byte_seconds"),
        "{keys:?}"
    );
    for key in keys {
        let named = set.lines().any(|line| {
            let table = line.trim_matches(['[', ']']);
            line.starts_with(&format!("{key} ="))
                || (line.starts_with('[') && table.split('.').any(|step| step == key))
        });
        assert!(named, "the example does not name `{key}`");
    }
    let read = Config::read("example", &set, vec![]);
    if cfg!(feature = "otel") {
        assert!(read.is_ok(), "{read:?}");
        return;
    }
    let faults = read.unwrap_err().faults;
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["traces.endpoint"], "{faults:?}");
}

const WRONG: &str = r#"listn = "127.0.0.1:0"
[limits]
images_per_requst = 3
request_bytes = "many"
image_side = 0
[log]
format = "xml"
[backends.a]
kind = "chatt"
[backends.b]
kind = "chat"
url = "ftp://x"
modle = "m"
concurrency = -1
[backends.c]
kind = "kserve"
url = "http://127.0.0.1:1"
gives = "logits"
"#;

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place_and_remedy() {
    let environment = variables(&[
        ("OPINE__CACHE__BITES", "1"),
        ("OPINE__LIMITS__SECONDS_PER_BODY", "soon"),
        ("OPINE__LISTEN__PORT", "80"),
        ("OPINE____X", "80"),
    ]);
    let error = Config::read("opine.toml", WRONG, environment).unwrap_err();
    let line = |line| Source::File {
        file: "opine.toml".into(),
        line,
    };
    let variable = |name: &str| Source::Variable(name.into());
    let expected = [
        (line(1), "listn", "did you mean `listen`"),
        (
            line(3),
            "limits.images_per_requst",
            "did you mean `images_per_request`",
        ),
        (
            line(4),
            "limits.request_bytes",
            "is a text; it must be a whole number",
        ),
        (line(5), "limits.image_side", "must be at least 1"),
        (line(7), "log.format", "known here are `text`, `json`"),
        (line(9), "backends.a.kind", "did you mean `chat`"),
        (line(10), "backends.b.model", "is missing"),
        (line(12), "backends.b.url", "must begin with `http://`"),
        (line(13), "backends.b.modle", "is not a known key"),
        (
            line(14),
            "backends.b.concurrency",
            "is -1; it must be a whole number",
        ),
        (line(15), "backends.c.card", "is missing"),
        (line(15), "backends.c.input", "is missing"),
        (line(15), "backends.c.labels", "two at least"),
        (line(15), "backends.c.model", "is missing"),
        (line(15), "backends.c.output", "is missing"),
        (
            variable("OPINE__CACHE__BITES"),
            "cache.bites",
            "did you mean `bytes`",
        ),
        (
            variable("OPINE__LIMITS__SECONDS_PER_BODY"),
            "limits.seconds_per_body",
            "is a text; it must be a whole number",
        ),
        (
            variable("OPINE__LISTEN__PORT"),
            "listen",
            "is a table; it must be",
        ),
        (variable("OPINE____X"), "", "names no key"),
    ];
    for (fault, (source, key, part)) in error.faults.iter().zip(&expected) {
        assert_eq!(
            (&fault.source, fault.key.as_str()),
            (source, *key),
            "{error}"
        );
        assert!(fault.message.contains(part), "{fault}");
    }
    assert_eq!(error.faults.len(), expected.len(), "{error}");
}

#[test]
fn faults_of_syntax_have_their_lines_and_do_not_hide_the_environment() {
    let environment = variables(&[("OPINE__CACHE__BITES", "1")]);
    let error = Config::read("opine.toml", "listen = \n[limits\n", environment).unwrap_err();
    let lines: Vec<&Source> = error.faults.iter().map(|fault| &fault.source).collect();
    let line = |line| Source::File {
        file: "opine.toml".into(),
        line,
    };
    assert!(
        lines.contains(&&line(1)) && lines.contains(&&line(2)),
        "{error}"
    );
    assert!(error.to_string().contains("`bytes`"), "{error}");
}

#[test]
fn the_environment_stands_above_the_file() {
    let text = "[limits]\nrequest_bytes = 1\n[backends.my-vllm]\nkind = \"chat\"\nurl = \"http://a\"\nmodel = \"m\"\n";
    let environment = variables(&[
        ("OPINE__BACKENDS__MY_VLLM__MODEL", "7"),
        ("OPINE__BACKENDS__MY_VLLM__SECONDS", "2.5"),
        ("OPINE__JUDGES__FOLDERS", "[\"cards\"]"),
        ("OPINE__LIMITS__REQUEST_BYTES", "2048"),
        ("OPINE__LISTEN", "127.0.0.1:81"),
    ]);
    let config = Config::read("opine.toml", text, environment).unwrap();
    assert_eq!(config.limits.request_bytes, 2048);
    assert_eq!(config.listen.port(), 81);
    assert_eq!(config.judges.folders, [Path::new("cards")]);
    let BackendConfig::Chat(chat) = &config.backends["my-vllm"] else {
        panic!("{config:?}")
    };
    assert_eq!((chat.model.as_str(), chat.remote.seconds), ("7", 2.5));
}

#[test]
fn a_check_tells_what_is_there_or_all_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("opine.toml"), text).unwrap();
    write("[limits]\nimage_side = 100\n");
    let good = opine(folder.path(), &["config", "check", "opine.toml"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    let said = String::from_utf8(good.stdout).unwrap();
    assert!(said.contains("0 backends"), "{said}");
    write(WRONG);
    let bad = opine(folder.path(), &["config", "check", "opine.toml"]);
    let said = stderr(&bad);
    assert_eq!(bad.status.code(), Some(2), "{said}");
    assert!(
        said.contains("line 3") && said.contains("line 15"),
        "{said}"
    );
    // Every command that reads a configuration tells the same.
    let judges = opine(folder.path(), &["judges", "--config", "opine.toml"]);
    assert_eq!(stderr(&judges), said);
}
