//! Dockerfile and compose file, as far as they can be read without a container engine: what they copy exists, what they
//! run are commands of the program, what they set are settings, and nothing is taken in a version that moves.

use std::collections::BTreeMap;
use std::path::Path;

use opine::config::{BackendConfig, Config};
use serde_json::Value;

use crate::command::{opine, stderr};

const FILES: [(&str, &str); 2] = [
    ("Dockerfile", include_str!("../../Dockerfile")),
    (
        "deploy/llama.Dockerfile",
        include_str!("../../deploy/llama.Dockerfile"),
    ),
];
const COMPOSE: &str = include_str!("../../deploy/compose.yaml");
const SETTINGS: &str = include_str!("../../deploy/opine.toml");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Instructions with their arguments; lines that go on are one.
fn instructions(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            (name.to_owned(), rest.trim().to_owned())
        })
        .collect()
}

/// The list that an instruction has in its exec form.
fn exec(text: &str) -> Vec<String> {
    let list = text.split_once('[').map(|(_, rest)| format!("[{rest}"));
    serde_json::from_str(&list.unwrap()).unwrap()
}

fn all<'a>(instructions: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = instructions.iter().filter(|(found, _)| found == name);
    named.map(|(_, rest)| rest.as_str()).collect()
}

/// Whether the program has this command with these flags; positional arguments are not looked at.
fn is_command(arguments: &[String]) {
    let help = opine(root(), &[arguments[0].as_str(), "--help"]);
    assert_eq!(help.status.code(), Some(0), "{}", stderr(&help));
    let help = String::from_utf8(help.stdout).unwrap();
    for flag in arguments
        .iter()
        .filter(|argument| argument.starts_with("--"))
    {
        assert!(
            help.contains(flag.as_str()),
            "`opine {}` has no {flag}",
            arguments[0]
        );
    }
}

#[test]
fn images_are_built_from_what_is_here_in_versions_that_stay() {
    for (file, text) in FILES {
        let instructions = instructions(text);
        let mut stages = Vec::new();
        for from in all(&instructions, "FROM") {
            let words: Vec<&str> = from.split_whitespace().collect();
            let (image, version) = words[0].split_once(':').unwrap();
            // An official image of the default registry has no address and no owner.
            assert!(!image.contains(['/', '.']), "{file}: {image}");
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{file}: {from}"
            );
            stages.extend(words.get(2).copied());
        }
        let mut copied = 0;
        for copy in all(&instructions, "COPY") {
            let mut words: Vec<&str> = copy.split_whitespace().collect();
            words.pop();
            match words[0].strip_prefix("--from=") {
                Some(stage) => assert!(stages.contains(&stage), "{file}: {copy}"),
                None => {
                    for path in words {
                        assert!(root().join(path).exists(), "{file}: there is no {path}");
                        copied += 1;
                    }
                }
            }
        }
        assert!(copied >= 4, "{file}");
        let user = all(&instructions, "USER");
        let uid: u32 = user[0].split(':').next().unwrap().parse().unwrap();
        assert!(uid > 0 && user.len() == 1, "{file}: {user:?}");
        let places: Vec<usize> = ["USER", "RUN"]
            .map(|name| {
                instructions
                    .iter()
                    .rposition(|(found, _)| found == name)
                    .unwrap()
            })
            .to_vec();
        assert!(
            places[1] < places[0],
            "{file}: something is done after root is left"
        );
    }
}

/// What cargo needs to build the program is what the image copies: every path that the manifest or the source names.
#[test]
fn the_image_has_all_that_a_build_reads() {
    let instructions = instructions(FILES[0].1);
    let copies = all(&instructions, "COPY");
    let copied: Vec<&str> = copies
        .iter()
        .flat_map(|copy| copy.split_whitespace())
        .collect();
    let has = |path: &str| {
        let top = path.split('/').next().unwrap();
        assert!(copied.contains(&top), "the image is built without `{top}`");
    };
    let manifest: toml::Table = toml::from_str(include_str!("../../Cargo.toml")).unwrap();
    has(manifest["package"]["readme"].as_str().unwrap());
    has("Cargo.lock");
    has("benches");
    let toolchain = manifest["package"]["rust-version"].as_str().unwrap();
    let from = all(&instructions, "FROM")[0];
    assert!(from.starts_with(&format!("rust:{toolchain}-")), "{from}");
    // Files outside of `src` that become part of the program; what tests include is not built.
    has("openapi.yaml");
    has("judges");
    let ignored = include_str!("../../.dockerignore");
    assert!(!ignored.lines().any(|line| copied.contains(&line)));
}

#[test]
fn images_run_commands_of_the_program() {
    let instructions = instructions(FILES[0].1);
    assert_eq!(exec(all(&instructions, "ENTRYPOINT")[0]), ["opine"]);
    let run = exec(all(&instructions, "CMD")[0]);
    is_command(&run);
    let health = exec(all(&instructions, "HEALTHCHECK")[0]);
    assert_eq!(health[0], "opine");
    is_command(&health[1..]);
    let port = all(&instructions, "EXPOSE")[0];
    assert!(run.contains(&format!("0.0.0.0:{port}")));
    assert_eq!(health[2], format!("http://127.0.0.1:{port}/readyz"));
}

#[test]
fn the_compose_file_runs_what_there_is() {
    let compose: Value = serde_norway::from_str(COMPOSE).unwrap();
    let services = compose["services"].as_object().unwrap();
    let folder = root().join("deploy");
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name}");
        let build = &service["build"];
        let context = folder.join(build["context"].as_str().unwrap());
        let file = build["dockerfile"].as_str().unwrap_or("Dockerfile");
        assert!(context.join(file).is_file(), "{name}");
        let version = service["image"]
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap()
            .1;
        assert_eq!(version, env!("CARGO_PKG_VERSION"), "{name}");
    }
    let service = &services["opine"];
    let words = |list: &Value| -> Vec<String> {
        let words = list.as_array().unwrap().iter();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let command = words(&service["command"]);
    is_command(&command);
    let health = words(&service["healthcheck"]["test"]);
    assert_eq!(health[..2], ["CMD", "opine"]);
    is_command(&health[2..]);
    for volume in words(&service["volumes"]) {
        let parts: Vec<&str> = volume.split(':').collect();
        assert!(folder.join(parts[0]).is_file(), "{volume}");
        assert!(
            command.iter().any(|word| word == parts[1]) && parts[2] == "ro",
            "{volume}"
        );
    }
    // Only this machine reaches it, unless somebody decides otherwise.
    for port in words(&service["ports"]) {
        let parts: Vec<&str> = port.split(':').collect();
        assert_eq!(parts[0], "127.0.0.1");
        assert!(command.contains(&format!("0.0.0.0:{}", parts[2])));
        assert!(health[3].contains(&format!(":{}/", parts[2])));
    }
    let variables: Vec<(String, String)> = service["environment"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let config = Config::read("deploy/opine.toml", SETTINGS, variables).unwrap();
    let stop = service["stop_grace_period"].as_str().unwrap();
    let stop: u64 = stop.strip_suffix('s').unwrap().parse().unwrap();
    assert!(stop > (config.body_time() + config.request_time()).as_secs());
    asks_the_other_service(&config, &services.iter().collect());
}

/// The backends of the settings are services of the file, at the ports of their images.
fn asks_the_other_service(config: &Config, services: &BTreeMap<&String, &Value>) {
    assert_eq!(config.backends.len(), 1);
    for (name, backend) in &config.backends {
        let BackendConfig::Chat(chat) = backend else {
            panic!("{backend:?}")
        };
        let host = chat.remote.url.strip_prefix("http://").unwrap();
        let (host, port) = host.strip_suffix("/v1").unwrap().split_once(':').unwrap();
        let service = services[&host.to_owned()];
        assert_eq!(service["profiles"][0], *name);
        let file = service["build"]["dockerfile"].as_str().unwrap();
        let (_, text) = FILES.iter().find(|(known, _)| *known == file).unwrap();
        let instructions = instructions(text);
        assert_eq!(all(&instructions, "EXPOSE"), [port]);
        let last = exec(all(&instructions, "CMD")[0]).pop();
        assert_eq!(last.as_deref(), Some(port));
        for file in exec(all(&instructions, "CMD")[0])
            .iter()
            .filter(|word| word.contains('/'))
        {
            let name = Path::new(file).file_name().unwrap().to_str().unwrap();
            assert!(text.contains(&format!("/{name}")), "{file} is not copied");
        }
    }
}

#[test]
fn health_is_asked_by_the_program_itself() {
    let app = crate::support::app::TestApp::with(|_| {});
    let ask = |path: &str| {
        let url = format!("http://{}{path}", app.address);
        let output = opine(root(), &["health", &url]);
        assert!(output.stdout.is_empty());
        (output.status.code().unwrap(), stderr(&output))
    };
    assert_eq!(ask("/healthz"), (0, String::new()));
    assert_eq!(ask("/readyz").0, 0);
    assert_eq!(ask("/nothing").0, 1);
    app.stopper.drain();
    let (code, said) = ask("/readyz");
    assert_eq!(code, 1);
    assert!(said.contains("503"), "{said}");
    let nobody = opine(root(), &["health", "http://127.0.0.1:1/healthz"]);
    assert_eq!(nobody.status.code(), Some(1));
}
