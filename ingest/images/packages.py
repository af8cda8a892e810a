"""HOST, trusted: an image's third-party packages, unpacked into a folder for the image's Python, never imported here.

Fetched by the ordinary client (uv, or else pip), by hash, with whatever index the operator configured for it.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from ingest.errors import SandboxUnavailable
from ingest.images.base import Base
from ingest.images.engine import cache_directory, say

_FETCH_SECONDS: Final = 900
# Oldest C library a wheel may ask for; pip wants every one spelled out, uv only the newest.
_GLIBC_MINORS: Final = (17, 24, 27, 28, 31, 34, 35, 36, 38, 39)


def ensure_packages(lock: Path, base: Base) -> Path:
    """A folder with everything `lock` names, for the base's Python and platform; cached by the lock's content.

    Raises `SandboxUnavailable` with the client's own words when a package cannot be had.
    """
    identity = "\0".join((lock.read_text("utf-8"), base.python, base.glibc, base.machine))
    target = cache_directory() / "packages" / hashlib.sha256(identity.encode()).hexdigest()[:24]
    if not target.is_dir():
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent) as folder:
            unfinished = Path(folder, "site")
            say(f"packages: fetching what {lock.parent.name}/{lock.name} names, for Python {base.python}")
            _run(_client_command(lock, unfinished, base))
            unfinished.rename(target)
    return target


def _client_command(lock: Path, target: Path, base: Base) -> list[str]:
    wanted = ["--target", str(target), "--python-version", base.python, "--require-hashes", "--no-deps"]
    wanted += ["--requirement", str(lock)]
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if uv:
        platform = f"{base.machine}-manylinux_{base.glibc.replace('.', '_')}"
        return [uv, "pip", "install", "--quiet", "--link-mode=copy", "--python-platform", platform, *wanted]
    if importlib.util.find_spec("pip"):
        platforms = [f"--platform=manylinux_{tag}_{base.machine}" for tag in _pip_platforms(base.glibc)]
        # pip builds sources for the host's Python only, so another one's packages must be wheels.
        only_wheels = ["--only-binary=:all:", "--no-compile", "--disable-pip-version-check"]
        return [sys.executable, "-m", "pip", "install", "--quiet", *only_wheels, *platforms, *wanted]
    raise SandboxUnavailable("neither uv nor pip is here to fetch an image's packages", hint="install uv")


def _pip_platforms(glibc: str) -> list[str]:
    major, minor = (int(part) for part in glibc.split(".")[:2])
    return [f"{major}_{older}" for older in sorted({*_GLIBC_MINORS, minor}, reverse=True) if older <= minor]


def _run(command: list[str]) -> None:
    try:
        ran = subprocess.run(
            command,
            env={"UV_SYSTEM_CERTS": "1", **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FETCH_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailable(f"fetching an image's packages: {error}") from None
    if ran.returncode != 0:
        raise SandboxUnavailable(f"fetching an image's packages: {ran.stderr.strip() or ran.stdout.strip()}")
