"""TEST: starts the command line in a process of its own, to be killed, and waits for its end by event."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS_MAX = 120.0  # of one command; a hang fails the test that caused it


def clean_environment() -> dict[str, str]:
    """This process's environment without what would configure gloveport."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GLOVEPORT_", "PREFECT_"))}


@dataclass(frozen=True)
class Ended:
    """One finished command. `status` is its exit code, or minus the signal that killed it; `rows` its JSON lines."""

    status: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A killed process may have left half a line, which is no row."""
        whole = self.stdout[: self.stdout.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    @property
    def told(self) -> list[str]:
        """The keys of the files it told the end of, in order."""
        return [row["key"] for row in self.rows if row["type"] == "file"]


class Nursery:
    """A warm interpreter (`driver.py`) that forks commands. One command at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The scripted engine refuses to exist outside a test, and this variable says that here is one.
        environment = {"PYTEST_CURRENT_TEST": "tests/chaos", "PYTHONPATH": str(REPOSITORY)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.driver"],
            cwd=REPOSITORY,
            env=clean_environment() | environment | {"XDG_CONFIG_HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def start(self, *arguments: str, environment: Mapping[str, str]) -> "Running":
        """Begin a command; its process is at work when this returns."""
        outputs = {name: str(self._folder / name) for name in ("stdout", "stderr")}
        for path in outputs.values():
            Path(path).unlink(missing_ok=True)
        request = {"arguments": arguments, "environment": dict(environment), **outputs}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return Running(self._answer(SECONDS_MAX)["pid"], self._folder, lambda seconds: self._answer(seconds)["status"])

    def _answer(self, seconds: float) -> dict[str, int]:
        """The next line from the nursery. Raises `TimeoutError`."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], max(0.0, seconds))[0]:
            raise TimeoutError
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the nursery ended by itself")
        answer: dict[str, int] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:  # a command that hangs is a failure told elsewhere
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Spawner:
    """Starts the command line as a user does: an interpreter of its own, the real engine. One command at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, *arguments: str, environment: Mapping[str, str]) -> "Running":
        """Begin a command; its process is at work when this returns."""
        own = {"PYTHONPATH": str(REPOSITORY), "XDG_CONFIG_HOME": str(self._folder)}
        with (self._folder / "stdout").open("wb") as stdout, (self._folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "ingest.cli", *arguments],
                env=clean_environment() | own | dict(environment),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )

        def wait(seconds: float) -> int:
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                raise TimeoutError from None

        return Running(process.pid, self._folder, wait)


class Starter(Protocol):
    """What starts commands: a nursery or a spawner."""

    def start(self, *arguments: str, environment: Mapping[str, str]) -> "Running":
        """Begin a command."""
        ...


@dataclass
class Running:
    """A command at work. `status` waits for its end for so many seconds, or raises `TimeoutError`."""

    pid: int
    folder: Path
    status: Callable[[float], int]

    def kill(self, number: int) -> None:
        """Send a signal. The process is not reaped before `wait` heard of it, so the number is still its own."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = SECONDS_MAX) -> Ended:
        """Its end. Raises `TimeoutError` while it still works."""
        return Ended(self.status(seconds), (self.folder / "stdout").read_text(), (self.folder / "stderr").read_text())

    def wait_until_told(self, files: int, seconds: float = SECONDS_MAX) -> None:
        """Until it has told the end of so many files: a moment well within its work."""
        self._wait_for("stdout", '"type": "file"', files, seconds)

    def wait_until_said(self, words: str, seconds: float = SECONDS_MAX) -> None:
        """Until these words stand in what it says to people."""
        self._wait_for("stderr", words, 1, seconds)

    def _wait_for(self, name: str, words: str, times: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        path = self.folder / name
        while not path.exists() or path.read_bytes().count(words.encode()) < times:
            if time.monotonic() > until:
                said = (self.folder / "stderr").read_text()
                raise TimeoutError(f"not {times} times {words!r} in {seconds} s: {said[-1000:]}")
            time.sleep(0.005)
