"""A real service for the tests: started on a free port of loopback, and ended by the id that started it.

OPINE_BINARY names the program; without it the debug build of this checkout is taken.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Optional, Tuple

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "judges" / "technical-quality" / "examples"
CLEAN, BLURRED, NOISY = (EXAMPLES / f"{name}.jpg" for name in ("clean", "blurred", "noisy"))

POLICY = """
format = 1
id = "{id}"
version = "1.0.0"

[[dimension]]
name = "quality"
reason = "poor_quality"

[[dimension.stage]]
judge = "technical-quality"
accept = {accept}
reject = {reject}
"""

# Which scores each policy accepts and rejects: `sharp` the clean example alone, `any-picture` all that no tripwire stops.
POLICIES = {"sharp": (0.8, 0.05), "any-picture": (0.0002, 0.0001)}


def binary() -> str:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return os.environ.get("OPINE_BINARY") or str(target / "debug" / "opine")


def environment() -> dict[str, str]:
    """The caller's, without settings of Opine, and with the library of this checkout unless another one is named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPINE_")}
    kept.setdefault("ORT_DYLIB_PATH", str(ROOT / ".ort" / "libonnxruntime.so"))
    return kept


def new_key(scope: str, *limits: str) -> Tuple[str, str]:
    """A key as `opine keys new` makes it, and its table of the configuration."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key"
        command = [binary(), "keys", "new", "mobile", "--scope", scope, *limits, "--key-file", str(file)]
        made = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        return file.read_text().strip(), made.stdout


class Service:
    """`with Service() as service:` has its `address` while it runs."""

    def __init__(self, settings: str = "") -> None:
        self._settings = settings
        self._folder: Optional[tempfile.TemporaryDirectory[str]] = None
        self._process: Optional[subprocess.Popen[str]] = None
        self._reader: Optional[threading.Thread] = None
        self._said: list[str] = []
        self.address = ""

    def __enter__(self) -> "Service":
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        (folder / "gates").mkdir()
        for name, (accept, reject) in POLICIES.items():
            (folder / "gates" / f"{name}.toml").write_text(POLICY.format(id=name, accept=accept, reject=reject))
        (folder / "opine.toml").write_text('[data]\nfolder = "data"\n[gates]\nfolder = "gates"\n' + self._settings)
        command = [binary(), "serve", "--listen", "127.0.0.1:0", "--config", str(folder / "opine.toml")]
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line)
            if "listening on http://" in line:
                self.address = "http://" + line.split("listening on http://")[1].strip()
                break
        else:
            raise AssertionError("the service ended: " + "".join(self._said))
        # Its log would fill the pipe and stop it.
        self._reader = threading.Thread(target=self._said.extend, args=(self._process.stderr,))
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._reader is not None:
            self._reader.join()
        if self._process is not None and self._process.stderr is not None:
            self._process.stderr.close()
        if self._folder is not None:
            self._folder.cleanup()
