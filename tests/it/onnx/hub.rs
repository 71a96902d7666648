//! Models that the configuration names by their address in a hub.

use std::path::Path;

use opine::assemble::{AssembleError, assemble};
use opine::config::{Config, HubConfig};
use opine::engine::BackendState;

use crate::support::app::config;

const ADDRESS: &str = "hf://org/repo@refs/pr/1";

/// A configuration with one backend from a hub.
fn hub_config(kind: &str, more: &str, cache: &Path, endpoint: Option<String>) -> Config {
    let mut config = config();
    config.hub = HubConfig {
        endpoint,
        cache: Some(cache.to_path_buf()),
        ..HubConfig::default()
    };
    let table = format!("kind = \"{kind}\"\nfolder = \"{ADDRESS}\"\n{more}");
    let backend = toml::from_str(&table).unwrap();
    config.backends.insert("local".into(), backend);
    config
}

fn opened(config: &Config) -> Result<BackendState, AssembleError> {
    let engine = assemble(config)?;
    let judges = engine.judges();
    let (_, state) = judges.backends().next().unwrap();
    Ok(state.clone())
}

/// Why a backend is unavailable.
fn remedy(config: &Config) -> String {
    match opened(config).unwrap() {
        BackendState::Unavailable { remedy } => remedy,
        other @ (BackendState::Ready(_) | BackendState::Unbound) => panic!("{other:?}"),
    }
}

#[cfg(not(feature = "hub"))]
#[test]
fn a_build_that_fetches_nothing_says_how_to_get_one_that_does() {
    let cache = tempfile::tempdir().unwrap();
    for kind in ["onnx-language", "onnx-dual-encoder", "onnx-scalar"] {
        let told = remedy(&hub_config(kind, "", cache.path(), None));
        for part in [ADDRESS, "cargo build --release --features hub", "download"] {
            assert!(told.contains(part), "`{part}` in: {told}");
        }
    }
}

#[cfg(feature = "hub")]
mod fetching {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use opine::assemble::AssembleError;
    use opine::backend::Backend;
    use opine::backend::onnx::ExportKind;
    use opine::engine::BackendState;
    use opine::judging::Wanted;
    use serde_json::json;

    use super::{hub_config, opened, remedy};
    use crate::support::local::{ask, export, options, prompt, ready, table};
    use crate::support::png;
    use crate::support::scripted::{Asked, Play, Scripted, nobody};

    /// The commit that the revision is.
    const COMMIT: &str = "0123abc";
    const LISTING: &str = "/api/models/org/repo/revision/refs%2Fpr%2F1?blobs=true";

    /// The files below a folder, by their names with `/`.
    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for path in fs::read_dir(next)
                .unwrap()
                .map(|entry| entry.unwrap().path())
            {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                    found.insert(name.replace('\\', "/"), fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    /// A repository with an export, and files beside it that no model needs.
    fn repository(name: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = files(&export(name));
        for more in ["README.md", "pytorch_model.bin", "onnx/other.onnx"] {
            files.insert(more.to_owned(), b"not for us".to_vec());
        }
        files
    }

    /// What a hub answers.
    fn answer(files: &BTreeMap<String, Vec<u8>>, asked: &Asked) -> Play {
        if asked.path == LISTING {
            let siblings: Vec<_> = files
                .iter()
                .map(|(name, bytes)| json!({ "rfilename": name, "size": bytes.len() }))
                .collect();
            return Play::json(&json!({ "sha": COMMIT, "siblings": siblings, "private": false }));
        }
        let name = asked
            .path
            .strip_prefix(&format!("/org/repo/resolve/{COMMIT}/"));
        match name.and_then(|name| files.get(name)) {
            None => Play::status(404, "not here"),
            Some(bytes) => Play::Reply {
                status: 200,
                headers: vec![],
                body: bytes.clone(),
            },
        }
    }

    fn hub(name: &str) -> Scripted {
        let files = repository(name);
        Scripted::start(move |asked| answer(&files, asked))
    }

    fn usable(state: BackendState) -> Arc<dyn Backend> {
        match state {
            BackendState::Ready(backend) => backend,
            other @ (BackendState::Unavailable { .. } | BackendState::Unbound) => {
                panic!("{other:?}")
            }
        }
    }

    /// Files of the cache that are not whole.
    fn parts(cache: &Path) -> Vec<String> {
        let names = files(cache).into_keys();
        names.filter(|name| name.contains(".part")).collect()
    }

    #[test]
    fn an_export_is_fetched_once_and_used_without_the_hub() {
        let cases = [
            ("onnx-scalar", "reward", Wanted::Value, ""),
            ("onnx-dual-encoder", "clip", options(&["good", "poor"]), ""),
            (
                "onnx-dual-encoder",
                "clip-towers",
                options(&["good", "poor"]),
                "logit_scale = 6.0",
            ),
            (
                "onnx-language",
                "half-language",
                options(&["good", "poor"]),
                "variant = \"fp16\"",
            ),
        ];
        for (kind, name, wanted, more) in cases {
            let cache = tempfile::tempdir().unwrap();
            let hub = hub(name);
            let config = hub_config(kind, more, cache.path(), Some(hub.url("/")));
            let text = if kind == "onnx-scalar" {
                ""
            } else {
                "how is it ?"
            };
            let prompt = prompt(&png::plain(48, 40, [250, 250, 250]), text, wanted);
            let local = ready(&table(kind, &export(name), more));
            let expected = ask(local.as_ref(), &prompt).unwrap();

            let fetched = usable(opened(&config).unwrap());
            assert_eq!(ask(fetched.as_ref(), &prompt).unwrap(), expected, "{name}");
            assert_eq!(
                fetched.id().model_revision,
                local.id().model_revision,
                "{name}"
            );
            let asked = hub.asked();
            assert!(
                asked.iter().all(|asked| !asked.path.contains("README")
                    && !asked.path.contains("other")
                    && !asked.headers.contains_key("authorization")),
                "{asked:?}"
            );
            assert!(parts(cache.path()).is_empty());

            let count = hub.count();
            usable(opened(&config).unwrap());
            assert_eq!(hub.count(), count, "{name} is fetched once");
            drop(hub);
            for endpoint in [Some(nobody()), None] {
                let offline = hub_config(kind, more, cache.path(), endpoint);
                let again = usable(opened(&offline).unwrap());
                assert_eq!(ask(again.as_ref(), &prompt).unwrap(), expected, "{name}");
            }
        }
    }

    #[test]
    fn what_cannot_be_had_is_told_by_name_and_leaves_nothing_half() {
        type Script = fn(&Asked) -> Option<Play>;
        let faults: [(Script, &[&str]); 8] = [
            (
                |asked| graph_play(asked, Play::status(404, "")),
                &["onnx/model.onnx", "404", "check repository and revision"],
            ),
            (
                |asked| graph_play(asked, Play::status(503, "")),
                &["onnx/model.onnx", "503", "try again later"],
            ),
            (
                |asked| graph_play(asked, Play::BreakOff),
                &["onnx/model.onnx", "did not come", "try again"],
            ),
            (
                |asked| graph_play(asked, Play::status(200, "short")),
                &["onnx/model.onnx", "5 of its "],
            ),
            (
                |asked| graph_play(asked, Play::Flood(1 << 30)),
                &["onnx/model.onnx", "it has more than"],
            ),
            (
                |asked| {
                    graph_play(
                        asked,
                        Play::status(302, "").with_header("location", &asked.path),
                    )
                },
                &["onnx/model.onnx", "more than 5 redirects"],
            ),
            (
                |_| Some(Play::status(401, "")),
                &["the list of files", "401", "`[hub] token_variable`"],
            ),
            (
                |_| Some(Play::status(200, "<html>")),
                &["list", "`[hub] endpoint`"],
            ),
        ];
        for (script, named) in faults {
            let cache = tempfile::tempdir().unwrap();
            let files = repository("reward");
            let well = Arc::new(AtomicBool::new(false));
            let healed = Arc::clone(&well);
            let hub = Scripted::start(move |asked| {
                let fault = script(asked).filter(|_| !healed.load(Ordering::SeqCst));
                fault.unwrap_or_else(|| answer(&files, asked))
            });
            let config = hub_config("onnx-scalar", "", cache.path(), Some(hub.url("")));
            let told = remedy(&config);
            for part in named.iter().chain(&["org/repo@refs/pr/1"]) {
                assert!(told.contains(part), "`{part}` in: {told}");
            }
            let kept = self::files(cache.path()).into_keys();
            let half: Vec<String> = kept
                .filter(|name| name.contains("model.onnx") || name.contains(".part"))
                .collect();
            assert!(half.is_empty(), "{half:?} after: {told}");
            // And it can be tried again, which fetches only what was not complete.
            well.store(true, Ordering::SeqCst);
            usable(opened(&config).unwrap());
            let small = |asked: &&Asked| asked.path.ends_with("/preprocessor_config.json");
            assert_eq!(hub.asked().iter().filter(small).count(), 1, "{told}");
        }
    }

    fn graph_play(asked: &Asked, play: Play) -> Option<Play> {
        asked.path.ends_with("/onnx/model.onnx").then_some(play)
    }

    #[test]
    fn a_large_file_may_lie_elsewhere_and_the_token_stays_with_the_hub() {
        let files = repository("reward");
        let graph = files["onnx/model.onnx"].clone();
        let store = Scripted::start(move |_| Play::Reply {
            status: 200,
            headers: vec![],
            body: graph.clone(),
        });
        let elsewhere = store.url("/blob?signature=s3cret");
        let hub = Scripted::start(move |asked| {
            let moved = Play::status(302, "").with_header("location", &elsewhere);
            graph_play(asked, moved).unwrap_or_else(|| answer(&files, asked))
        });
        let cache = tempfile::tempdir().unwrap();
        let token = cache.path().join("token");
        fs::write(&token, "hunter2\n").unwrap();
        let endpoint = Some(hub.url("/"));
        let mut config = hub_config("onnx-scalar", "", cache.path(), endpoint);
        config.hub.token_file = Some(token.clone());
        usable(opened(&config).unwrap());
        for asked in hub.asked() {
            assert_eq!(asked.headers["authorization"], "Bearer hunter2");
        }
        assert_eq!(store.count(), 1);
        assert!(!store.asked()[0].headers.contains_key("authorization"));
        // A full cache needs no token either.
        fs::remove_file(token).unwrap();
        usable(opened(&config).unwrap());
    }

    #[test]
    fn what_is_not_set_or_not_there_is_told() {
        let cache = tempfile::tempdir().unwrap();
        let at =
            |endpoint: Option<String>, kind: &str| hub_config(kind, "", cache.path(), endpoint);
        assert!(remedy(&at(None, "onnx-scalar")).contains("`[hub] endpoint`"));
        let told = remedy(&at(Some(nobody()), "onnx-scalar"));
        assert!(
            told.contains("the list of files") && told.contains("org/repo"),
            "{told}"
        );
        let mut without_token = at(Some(nobody()), "onnx-scalar");
        without_token.hub.token_variable = Some("OPINE_TEST_NEVER_SET".into());
        assert!(remedy(&without_token).contains("OPINE_TEST_NEVER_SET"));
        match opened(&at(Some("ftp://a".into()), "onnx-scalar")) {
            Err(AssembleError::Backend { message, .. }) => {
                assert!(message.contains("`endpoint`"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        let hub = hub("reward");
        let told = remedy(&at(Some(hub.url("")), "onnx-language"));
        for part in ["org/repo", "onnx/embed_tokens.onnx", "`variant`"] {
            assert!(told.contains(part), "`{part}` in: {told}");
        }
    }

    #[test]
    fn every_file_of_an_export_that_a_model_reads_is_chosen() {
        let language = ExportKind::Language {
            variant: Some("fp16".into()),
        };
        for (name, kind) in [
            ("caption-reward", ExportKind::Scalar),
            ("siglip", ExportKind::DualEncoder),
            ("half-language", language),
        ] {
            let all: Vec<String> = files(&export(name)).into_keys().collect();
            let mut chosen = kind.files(&all).unwrap();
            chosen.sort();
            assert_eq!(chosen, all, "{name}");
        }
    }

    #[test]
    fn weights_beside_a_graph_are_fetched_with_it() {
        let cache = tempfile::tempdir().unwrap();
        let mut files = repository("reward");
        files.insert("onnx/model.onnx_data".into(), b"weights".to_vec());
        files.insert("onnx/../../../model.onnx_data".into(), b"outside".to_vec());
        let hub = Scripted::start(move |asked| answer(&files, asked));
        let config = hub_config("onnx-scalar", "", cache.path(), Some(hub.url("")));
        usable(opened(&config).unwrap());
        let folder: PathBuf = cache.path().join("org/repo/refs%2Fpr%2F1");
        let beside = fs::read(folder.join("onnx/model.onnx_data")).unwrap();
        assert_eq!(beside, b"weights");
        assert_eq!(
            self::files(cache.path()).len(),
            4,
            "list, graph, weights, processor"
        );
    }
}
