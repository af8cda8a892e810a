"""TEST: the container engine dies, comes back with or without its containers, or has no byte left on its disk.

The engine is a private one, so that nobody else's containers are harmed: the same programs, with sockets of their own,
in a small file system in memory, with a copy of our images. As under systemd, `containerd` is a service of its own.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker

from ingest.errors import ExitCode
from ingest.images import connect, list_images
from tests.chaos.cases import recover, undisturbed
from tests.chaos.containers import FILES, containers
from tests.chaos.faults import filled
from tests.chaos.inspection import Damage
from tests.chaos.process import Spawner
from tests.chaos.site import Outcome, Server, Site, site

DISK_BYTES = 1 << 30
READY_SECONDS = 60.0
IDLE_SECONDS = 15  # after which a forgotten sandbox ends by itself
ROOM_BYTES = 32 << 20  # for the containers of a whole run
TOLD = 5  # files told before the blow: several sandboxes are warm, and most of the work is left


@dataclass
class PrivateEngine:
    """A `dockerd` in a folder of its own. `start` may follow `kill`, as after a crash of the real one."""

    folder: Path
    live_restore: bool = False
    _containerd: "subprocess.Popen[bytes] | None" = None
    _dockerd: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """For `DOCKER_HOST`."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def disk(self) -> Path:
        """Where it keeps images and containers: a file system of its own."""
        return self.folder / "data"

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.folder / "pid").unlink(missing_ok=True)  # a killed one leaves it, and the number may be another's by now
        (self.folder / "empty").touch()  # in place of the host's own configuration
        (self.folder / "daemon.json").write_text("{}")
        if self._containerd is None:
            self._containerd = self._spawn(
                "containerd",
                f"--config={self.folder}/empty",
                f"--address={self.folder}/containerd.sock",
                f"--root={self.disk}/containerd",
                f"--state={self.folder}/containerd",
            )
        self._dockerd = self._spawn(
            "dockerd",
            f"--config-file={self.folder}/daemon.json",
            f"--containerd={self.folder}/containerd.sock",
            f"--host={self.address}",
            f"--data-root={self.disk}/docker",
            f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/pid",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            f"--live-restore={str(self.live_restore).lower()}",
        )
        until = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._dockerd.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"no private engine: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def _spawn(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _answers(self) -> bool:
        """By hand: a client of Docker's leaves its socket to the garbage collector when nobody listens."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(5)
            try:
                asked.connect(self.address.removeprefix("unix://"))
                asked.sendall(b"GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b" 200 " in asked.recv(64)
            except OSError:
                return False

    def kill(self) -> None:
        """Kill -9. Its containers go on until an engine without live-restore comes back and ends them."""
        assert self._dockerd is not None
        self._dockerd.kill()
        self._dockerd.wait()

    def restart(self, *, live_restore: bool) -> None:
        """End it with all its containers and start it again, in this mode."""
        self.stop()
        self.live_restore = live_restore
        self.start()

    def stop(self) -> None:
        """End it with all its containers."""
        assert self._dockerd is not None
        with self.client() as client:
            for container in client.containers.list(all=True):
                container.remove(force=True)
        self._dockerd.terminate()
        self._dockerd.wait(60)

    def close(self) -> None:
        """End whatever of it runs, down to the shims of containers that it forgot when it was killed."""
        for process in (self._dockerd, self._containerd):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(60)
        for shim in self._shims():
            with suppress(ProcessLookupError):
                os.kill(int(shim.name), signal.SIGKILL)

    def processes(self) -> list[str]:
        """Command lines of what runs inside containers of this engine, by the kernel's account."""
        found = []
        for shim in self._shims():
            with suppress(OSError):
                children = (shim / "task" / shim.name / "children").read_text().split()
                found += [Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in children]
        return found

    def _shims(self) -> list[Path]:
        """What stands between containerd and each container, as folders of /proc."""
        address = f"{self.folder}/containerd.sock"
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                told = (process / "cmdline").read_text().split("\0")[1:]
                if address in told and (process / "comm").read_text() != "dockerd\n":
                    found.append(process)
        return found

    def load_images(self) -> None:
        """Copy our current images from the engine that tests run with."""
        with closing(connect()) as source, self.client() as client:
            for image in list_images(source):
                if image.current:
                    client.images.load(source.images.get(image.image_id).save())  # type: ignore[no-untyped-call]

    def client(self, seconds: int = 300) -> "closing[docker.DockerClient]":
        """A client of this engine."""
        return closing(docker.DockerClient(self.address, timeout=seconds))


@contextmanager
def private_engine(folder: Path) -> Iterator[PrivateEngine]:
    """A private engine with our images, on a disk of its own; ended and forgotten afterwards."""
    engine = PrivateEngine(folder)
    engine.disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", engine.disk], check=True)
    try:
        try:
            engine.start()
            engine.load_images()
            yield engine
            engine.stop()
        finally:
            engine.close()
    finally:
        subprocess.run(["umount", "--recursive", engine.disk], check=True)


@dataclass
class PrivateWorld:
    """A database server, the real command line, and an engine that may be harmed."""

    server: Server
    spawner: Spawner
    engine: PrivateEngine
    _reference: list[Outcome] = field(default_factory=list)

    @property
    def reference(self) -> Outcome:
        """What comes of the files when nothing happens to anybody."""
        if not self._reference:
            self._reference.append(undisturbed(self.server, self.spawner, FILES, self.settings))
        return self._reference[0]

    @property
    def settings(self) -> dict[str, str]:
        """What makes a command use the private engine."""
        return {"DOCKER_HOST": self.engine.address, "GLOVEPORT_IDLE_SECONDS": str(IDLE_SECONDS)}

    @contextmanager
    def site(self) -> Iterator[Site]:
        """A new installation whose sandboxes run in the private engine."""
        with site(self.server, self.spawner, FILES) as at:
            at.settings |= self.settings
            yield at

    def recover(self, at: Site, reference: Outcome) -> Damage:
        """Run once more in peace, and compare; containers that are left count as orphans."""
        damage = recover(at, reference)
        damage.orphans += [f"container {name}" for name in containers(at, self.engine.address)]
        # An engine that dies while it starts a container forgets it; the sandbox notices that nobody comes.
        until = time.monotonic() + 2 * IDLE_SECONDS
        while self.engine.processes() and time.monotonic() < until:
            time.sleep(0.5)
        damage.orphans += [f"process {line}" for line in self.engine.processes()]
        return damage


def engine_killed(world: PrivateWorld) -> Damage:
    """The engine dies by kill -9 in mid-run and is started again: it ends the containers that went on without it."""
    return _killed(world, live_restore=False)


def engine_killed_with_live_restore(world: PrivateWorld) -> Damage:
    """The same with live-restore: the containers of before survive their engine."""
    return _killed(world, live_restore=True)


def _killed(world: PrivateWorld, *, live_restore: bool) -> Damage:
    world.engine.restart(live_restore=live_restore)
    reference = world.reference
    with world.site() as at:
        running = at.start()
        running.wait_until_told(TOLD)
        world.engine.kill()
        world.engine.start()
        ended = running.wait()
        # It may outlive the gap by trying again, or give up and say whose fault it was; nothing else.
        assert ended.status in (ExitCode.QUARANTINED, ExitCode.SANDBOX_UNAVAILABLE), (ended.status, ended.stderr)
        return world.recover(at, reference)


def engine_away(world: PrivateWorld) -> Damage:
    """The engine dies in mid-run and stays away: the run says so and gives up; it works again once somebody is back."""
    reference = world.reference
    with world.site() as at:
        running = at.start()
        running.wait_until_told(TOLD)
        world.engine.kill()
        ended = running.wait()
        world.engine.start()
        assert ended.status == ExitCode.SANDBOX_UNAVAILABLE, (ended.status, ended.stderr)
        assert at.rows("SELECT count(*) FROM objects WHERE state = 'pending'") != [(0,)]
        return world.recover(at, reference)


def engine_disk_full(world: PrivateWorld) -> Damage:
    """The engine's disk has not a byte left for another container."""
    reference = world.reference
    # All but a little is filled beforehand, so that the rest takes no time in which the run might end.
    with world.site() as at, filled(world.engine.disk, ROOM_BYTES):
        running = at.start()
        running.wait_until_told(TOLD)
        with filled(world.engine.disk):
            ended = running.wait()
        assert "no space left on device" in ended.stderr, (ended.status, ended.stderr)
        # Each sandbox that ends leaves a little room, in which the run may get through.
        assert ended.status in (ExitCode.QUARANTINED, ExitCode.SANDBOX_UNAVAILABLE), (ended.status, ended.stderr)
        return world.recover(at, reference)


ENGINE_SCENARIOS = (engine_disk_full, engine_away, engine_killed, engine_killed_with_live_restore)


def may_run() -> bool:
    """Whether this machine lets us start an engine and mount a disk for it."""
    return os.geteuid() == 0 and any((Path(place) / "dockerd").exists() for place in os.get_exec_path())
