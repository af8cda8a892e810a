"""TEST: what a worker starts as a flow run's process: Prefect's own, with a script in the place of this host's engine.

    python -P -m tests.integration.deploy.scripted_engine

The first sandbox of each process lasts until three processes have begun one: in the folder TEST_MEETING_FOLDER each
leaves a file with its number. So a run ends only if three hosts work on it.
"""

import os
import runpy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOSTS = 3
PATIENCE = 400.0


def main() -> None:
    from ingest import run
    from ingest.policy import make_policy
    from ingest.sandbox.scripted import ScriptedEngine
    from ingest.work import service
    from tests.integration.pipeline.conftest import PROFILE
    from tests.integration.pipeline.speech import echo

    folder = Path(os.environ["TEST_MEETING_FOLDER"])

    def script(profile: Any, job: Any, document: bytes) -> Any:
        with (folder / str(os.getpid())).open("a") as met:
            met.write("x")
        until = time.monotonic() + PATIENCE
        while len(list(folder.iterdir())) < HOSTS and time.monotonic() < until:
            time.sleep(0.05)
        return echo(profile, job, document)

    @contextmanager
    def open_engine(_settings: Any) -> Iterator[Any]:
        yield ScriptedEngine(script)

    for module in (run, service):
        module.open_engine = open_engine  # type: ignore[attr-defined]
        module.load_policy = lambda settings: make_policy({"text": PROFILE}, {}, "text", settings)  # type: ignore[attr-defined]
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
