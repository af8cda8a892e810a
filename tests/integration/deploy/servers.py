"""TEST: the servers of a deployment as processes of their own, as an operator would run them: PostgreSQL and S3."""

import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ingest.catalog.embedded import SERVER_USER, EmbeddedPostgres, binaries

PASSWORD = "planted-secret"

# Serves until its standard input closes, so it cannot outlive the tests, however they end.
_S3 = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.disable(logging.INFO)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL that listens on TCP and wants a password, with an empty database; yields its address."""
    embedded = EmbeddedPostgres(folder)
    embedded.start()
    socket_folder = next(folder.rglob(".s.PGSQL.5432")).parent
    with psycopg.connect(embedded.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE operator LOGIN PASSWORD {}").format(PASSWORD))
        connection.execute("CREATE DATABASE catalogue OWNER operator")
    embedded.stop()
    access = folder / "data" / "pg_hba.conf"
    access.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    socket_folder.mkdir(exist_ok=True)
    owner = pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None
    if owner is not None:
        os.chown(socket_folder, owner.pw_uid, owner.pw_gid)
    port = free_port()

    def pg_ctl(*arguments: str) -> None:
        as_owner: dict[str, Any] = (
            {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": ()}
        )
        subprocess.run(
            [binaries() / "pg_ctl", *arguments, "-w", "-s", "-D", folder / "data"],
            check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120, **as_owner,
        )  # fmt: skip

    options = f"-k '{socket_folder}' -p {port} -c listen_addresses=127.0.0.1"
    pg_ctl("start", "-l", str(folder / "postgresql.log"), "-o", options)
    try:
        yield f"postgresql://operator:{PASSWORD}@127.0.0.1:{port}/catalogue"
    finally:
        pg_ctl("stop", "-m", "fast")


@contextmanager
def s3() -> Iterator[str]:
    """An S3 protocol server; yields its endpoint."""
    with subprocess.Popen(
        [sys.executable, "-c", _S3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()
