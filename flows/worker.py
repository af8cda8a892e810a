"""HOST, trusted: the process behind `gloveport up`'s worker: registers the deployments, then serves their pool.

    python -P -m flows.worker --ready-file PATH

What it prints is its log.
"""

import argparse
import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Final

from prefect.client.orchestration import get_client
from prefect.workers.process import ProcessWorker

from flows.deployments import STEERING_QUEUE, WORK_POOL, register
from ingest.settings import load_settings

STEERING_RUNS_MAX: Final = 2


def main() -> None:
    """Register, say that this worker is ready, and work until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="Gets this process's id once it is ready.")
    parser.add_argument(
        "--name", default=f"gloveport-{socket.gethostname()}", help="How Prefect knows it; one for each worker."
    )
    arguments = parser.parse_args()
    with get_client(sync_client=True) as client:
        print(f"registered {register(client)}", flush=True)
    asyncio.run(_serve(arguments.name, arguments.ready_file, load_settings().worker_runs))


async def _serve(name: str, ready: Path, runs_max: int) -> None:
    """Two workers of one pool: one for everything, so many at once, and one whose orders never wait for a run."""
    worker = ProcessWorker(work_pool_name=WORK_POOL, name=name, limit=runs_max)
    steering = ProcessWorker(
        work_pool_name=WORK_POOL, work_queues=[STEERING_QUEUE], name=f"{name}-steering", limit=STEERING_RUNS_MAX
    )
    serving = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: serving.cancel() if serving else None)
    try:
        await asyncio.gather(
            worker.start(printer=lambda line: _started(line, ready)), steering.start(printer=lambda line: print(line))
        )
    except asyncio.CancelledError:
        print("stopped", flush=True)


def _started(line: str, ready: Path) -> None:
    """Prefect's worker tells through its printer that it has begun to poll."""
    print(line, flush=True)
    ready.write_text(str(os.getpid()))


if __name__ == "__main__":
    main()
