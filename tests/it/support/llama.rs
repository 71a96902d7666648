//! llama.cpp itself, serving the tiny model that truly sees.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// A server that ends with its test, or when this process does.
pub(crate) struct Llama {
    pub(crate) url: String,
    process: Child,
}

/// One server for all tests that leave no trace in it. Its input closes with this process, and it ends.
pub(crate) fn shared() -> &'static Llama {
    static SHARED: LazyLock<Llama> = LazyLock::new(Llama::start);
    &SHARED
}

impl Llama {
    /// Starts the engine that `make engines` installs, on a free port.
    pub(crate) fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".engines/llama/bin/python");
        assert!(
            python.is_file(),
            "llama.cpp is not installed; run `make engines`"
        );
        let model: PathBuf = root.join("judges/tiny-seer");
        let mut process = Command::new(python)
            .arg(root.join("scripts/engines/serve_llama.py"))
            .args([model.join("model.gguf"), model.join("mmproj.gguf")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines
            .map_while(Result::ok)
            .find(|line| line.starts_with("http://"))
            .expect("the engine ended before it listened");
        Llama { url, process }
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
