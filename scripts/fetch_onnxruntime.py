"""Puts the ONNX Runtime library into a folder: fetch_onnxruntime.py FOLDER

Takes it out of the `onnxruntime` Python wheel, pinned by version and SHA-256, for Linux on x86-64 and
aarch64. Does nothing when the right library is there already. Needs Python 3 with pip, nothing else.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.31.1"
MEMBER = f"onnxruntime/capi/libonnxruntime.so.{VERSION}"
# machine: (wheel platform, SHA-256 of the wheel, SHA-256 of the library in it)
PINNED = {
    "x86_64": (
        "manylinux_2_28_x86_64",
        "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
        "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
    ),
    "aarch64": (
        "manylinux_2_28_aarch64",
        "da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3",
        "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
    ),
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(path: Path, expected: str, what: str) -> None:
    found = sha256(path)
    if found != expected:
        sys.exit(f"{what}: SHA-256 is {found}, pinned is {expected}; nothing was installed")


def download(wheel_platform: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--platform", wheel_platform, "--python-version", "3.11"]
    command += ["--implementation", "cp", "--dest", str(folder), f"onnxruntime=={VERSION}"]
    if subprocess.run(command).returncode != 0:
        sys.exit(f"pip could not download onnxruntime {VERSION}; the message above says why")
    return next(folder.glob("*.whl"))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in PINNED:
        sys.exit(
            f"no library is pinned for {platform.system()} on {machine}; install ONNX Runtime 1.24 or later "
            "yourself and set ORT_DYLIB_PATH to its library"
        )
    wheel_platform, wheel_sha256, library_sha256 = PINNED[machine]
    library = folder / "libonnxruntime.so"
    if library.is_file() and sha256(library) == library_sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = download(wheel_platform, Path(scratch))
        check(wheel, wheel_sha256, wheel.name)
        extracted = Path(scratch) / "libonnxruntime.so"
        with zipfile.ZipFile(wheel) as archive:
            extracted.write_bytes(archive.read(MEMBER))
        check(extracted, library_sha256, MEMBER)
        # A rename on one file system is atomic: nobody ever sees half a library.
        os.replace(extracted, library)
    print(f"ONNX Runtime {VERSION} is at {library}", file=sys.stderr)


if __name__ == "__main__":
    main()
