"""Puts a real engine into a folder, for the tests that ask one: engines.py llama|mlserver|transformers|contract FOLDER

Each engine has a virtual environment of its own, FOLDER/NAME, made from scripts/engines/NAME.txt: every package
pinned by version and SHA-256, wheels only. Does nothing when the right one is there already. Needs Python 3.11 or
later with pip. `llama` takes 110 MB, `mlserver` 330 MB, `transformers` 6 GB; `contract` is no engine but what
openapi.yaml and the clients are checked by, 135 MB.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent / "engines"


def known() -> list[str]:
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def fingerprint(requirements: Path) -> str:
    """What the environment depends on: the pinned packages and the interpreter."""
    return hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()


def install(requirements: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    # The pip at hand installs into it: an environment's own pip needs a package that Debian keeps apart.
    venv.create(folder, with_pip=False)
    command = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install"]
    command += ["--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary=:all:", "--no-deps", "-r", requirements]
    if subprocess.run(command).returncode != 0:
        sys.exit(f"pip could not install {requirements.name}; the message above says why")


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in known():
        sys.exit(__doc__)
    name, engines = sys.argv[1], Path(sys.argv[2])
    requirements, folder = REQUIREMENTS / f"{name}.txt", engines / name
    engines.mkdir(parents=True, exist_ok=True)
    with open(engines / f"{name}.lock", "w") as lock:
        # Two runs at once must not install over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Written last: an installation that was broken off has none, and is made again.
        stamp = folder / "installed"
        if stamp.is_file() and stamp.read_text() == fingerprint(requirements):
            return
        install(requirements, folder)
        stamp.write_text(fingerprint(requirements))
    print(f"the engine {name} is in {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
