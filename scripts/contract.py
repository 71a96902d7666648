"""Holds openapi.yaml and a running service against each other: contract.py OPINE [OPTION ...]

Checks the types of the Python client with mypy, lints the document with redocly, and then lets schemathesis ask the program
OPINE, with all checks: a service without keys, and one with keys. The tools are installed into .engines, pinned by version and hash; redocly needs Node.js with npm. More
options go to schemathesis. Ends with `N passed, N failed` and exit code 1 if anything failed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "scripts" / "contract"
ENGINES = ROOT / ".engines"
SCOPES = ("score", "compare", "rank", "jobs", "calibrations", "agreement", "read", "admin", "metrics")

# Enough to find what an operation does wrong, and done within a few minutes.
EXAMPLES = 30
SEED = 1

SETTINGS = '[data]\nfolder = "data"\n[gates]\nfolder = "gates"\n'
POLICY = """
format = 1
id = "portrait"
version = "1.0.0"

[[dimension]]
name = "quality"
reason = "poor_quality"

[[dimension.stage]]
judge = "technical-quality"
accept = 0.8
reject = 0.2
"""


def redocly() -> list[str]:
    """The linter, installed as its lockfile says."""
    folder = ENGINES / "redocly"
    lockfile = (CONTRACT / "package-lock.json").read_bytes()
    program = folder / "node_modules" / ".bin" / "redocly"
    installed = folder / "package-lock.json"
    if not (program.exists() and installed.is_file() and installed.read_bytes() == lockfile):
        if shutil.which("npm") is None:
            sys.exit("redocly needs Node.js with npm; install them, or lint openapi.yaml elsewhere")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CONTRACT / name, folder / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return [str(program), "lint", "--config", str(CONTRACT / "redocly.yaml"), str(ROOT / "openapi.yaml")]


class Service:
    """A service of its own folder, on a free port of loopback."""

    def __init__(self, opine: str, keys: str = "") -> None:
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        (folder / "gates").mkdir()
        (folder / "gates" / "portrait.toml").write_text(POLICY)
        (folder / "opine.toml").write_text(SETTINGS + keys)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPINE_")}
        environment.setdefault("ORT_DYLIB_PATH", str(ROOT / ".ort" / "libonnxruntime.so"))
        command = [opine, "serve", "--listen", "127.0.0.1:0", "--config", str(folder / "opine.toml")]
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on http://" in line:
                self.address = "http://" + line.split("listening on http://")[1].strip()
                break
        else:
            sys.exit(f"{opine} did not start")
        # What it says from here on is read by nobody, and must not fill the pipe.
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.reader.wait()
        self.folder.cleanup()


def schemathesis(service: Service, *more: str) -> list[str]:
    program = ENGINES / "contract" / "bin" / "schemathesis"
    command = [str(program), "--config-file", str(CONTRACT / "schemathesis.toml"), "run", str(ROOT / "openapi.yaml")]
    command += ["--url", service.address, "--checks", "all", "--max-examples", str(EXAMPLES), "--seed", str(SEED)]
    return [*command, "--max-response-time", "10", "--continue-on-failure", "--no-color", "--warnings", "off", *more]


def passes(name: str, command: list[str], place: Path | None = None) -> bool:
    print(f"\n{name}", flush=True)
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(CONTRACT),
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    }
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, cwd=place or folder, env=environment).returncode == 0


def key(opine: str) -> tuple[str, str]:
    """A key with every scope, and its table of the configuration."""
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key"
        made = subprocess.run([opine, "keys", "new", "contract", *scopes, "--key-file", str(file)], capture_output=True, text=True, check=True)
        return file.read_text().strip(), made.stdout


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    opine, more = str(Path(sys.argv[1]).resolve()), sys.argv[2:]
    subprocess.run([sys.executable, str(ROOT / "scripts" / "engines.py"), "contract", str(ENGINES)], check=True)
    mypy = [str(ENGINES / "contract" / "bin" / "mypy"), "--config-file", "pyproject.toml", "--cache-dir", os.devnull]
    results = [passes("the types of the Python client, by mypy", mypy, ROOT / "clients" / "python")]
    results.append(passes("openapi.yaml, by redocly", redocly()))
    with Service(opine) as service:
        # Nobody is asked for a key, so that no request can lack one.
        command = schemathesis(service, "--exclude-checks", "ignored_auth", *more)
        results.append(passes("the service without keys, by schemathesis", command))
    secret, table = key(opine)
    with Service(opine, table) as service:
        command = schemathesis(service, "--header", f"Authorization: Bearer {secret}", *more)
        results.append(passes("the service with keys, by schemathesis", command))
    print(f"\n{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
