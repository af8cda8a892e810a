"""TEST: the image `unstructured`, where it was built: each type that it reads, in real sandboxes, without a socket."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contract import CONTRACT_VERSION
from contract.job import Job, Options
from contract.verdicts import Reason
from ingest.airlock import admit
from ingest.images import connect, resolve_profiles
from ingest.outcome import AdmittedDocument, Refused
from ingest.sandbox import container
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.hardening import engine_arguments
from tests.integration.sandbox.second_reader_files import HTML, documents, with_something_hidden

OPTIONS = Options(chunk_tokens_max=512, embedded_files_max=10, embedded_bytes_max=1 << 20, comments_in_text=True)

DOCUMENTS = documents()
HIDING = with_something_hidden()


@pytest.fixture
def profile() -> Profile:
    with closing(connect()) as client:
        profiles = resolve_profiles(client)
    if "unstructured" not in profiles:
        pytest.skip("the image unstructured is not built: `gloveport images build unstructured` builds it")
    return profiles["unstructured"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DockerEngine]:
    with closing(DockerEngine(namespace="tests", owner_directory=tmp_path / "owners")) as engine:
        yield engine


def _job(profile: Profile, media_type: str, content: bytes) -> Job:
    return Job(
        contract=CONTRACT_VERSION,
        media_type_hint=media_type,
        input_bytes=len(content),
        options=OPTIONS,
        wall_seconds=profile.limits.wall_seconds_for(len(content)),
        output_bytes_max=profile.limits.output_bytes,
    )


def _read(engine: DockerEngine, profile: Profile, media_type: str, content: bytes) -> AdmittedDocument | Refused:
    ran = engine.run(profile, _job(profile, media_type, content), io.BytesIO(content))
    assert ran.verdict is None, (ran.verdict, ran.observation, ran.evidence)
    return admit(ran.untrusted_frames, OPTIONS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_reads_each_type_behind_the_wall(engine: DockerEngine, profile: Profile, name: str) -> None:
    media_type, content, expected = DOCUMENTS[name]
    document = _read(engine, profile, media_type, content)
    assert isinstance(document, AdmittedDocument), document
    assert expected in document.text
    assert document.chunks
    (finding,) = [finding for finding in document.findings if finding.kind == "not_examined"]
    assert "second reader" in finding.evidence


def test_structure_carries_over(engine: DockerEngine, profile: Profile) -> None:
    document = _read(engine, profile, "text/html", HTML)
    assert isinstance(document, AdmittedDocument)
    title, words, table = document.elements
    assert [element["type"] for element in (title, words, table)] == ["Title", "NarrativeText", "Table"]
    assert "<td>2</td>" in table["metadata"]["text_as_html"]
    assert document.text.startswith("# Report")


def test_what_the_library_does_not_read_is_refused(engine: DockerEngine, profile: Profile) -> None:
    refused = _read(engine, profile, "application/rtf", rb"{\rtf1 text}")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("name", HIDING)
def test_what_may_hide_text_is_refused(engine: DockerEngine, profile: Profile, name: str) -> None:
    media_type, content, means = HIDING[name]
    refused = _read(engine, profile, media_type, content)
    assert isinstance(refused, Refused), refused.text
    assert refused.reason is Reason.UNSUPPORTED
    assert means in refused.detail


SOCKET_CALLS = ("socket", "socketpair", "connect", "bind", "listen", "sendto", "sendmsg", "recvfrom", "recvmsg")
# Of the kernel: whoever asks, our interpreter or a native library, dies of it before an answer. Exit 128 + SIGSYS.
KILLED_BY_THE_FILTER = 159
# Of the interpreter: what the filter cannot tell from the sandbox's own start. An audit hook cannot be taken off again.
NOTICED = 86
_EVENTS = ("socket.", "urllib.", "http.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn")
_WATCHED = f"""
import os, sys
def watch(event, arguments):
    if event.startswith({_EVENTS}):
        os.write(2, f"{{event}} {{arguments!r}}".encode()[:500])
        os._exit({NOTICED})
sys.addaudithook(watch)
"""
_LAUNCHED = """
sys.argv[1:] = ["--preload", "unstructured"]
exec(open("/opt/gloveport/launch.py").read())
"""


@pytest.fixture
def deadly_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandboxes as ever, but that a socket call is not refused, which a library may swallow: it kills."""

    def deadly(*arguments: Any) -> dict[str, Any]:
        body = engine_arguments(*arguments)
        name = "seccomp="
        others = [option for option in body["HostConfig"]["SecurityOpt"] if not option.startswith(name)]
        (own,) = set(body["HostConfig"]["SecurityOpt"]) - set(others)
        filtered = json.loads(own.removeprefix(name))
        filtered["syscalls"].append({"names": list(SOCKET_CALLS), "action": "SCMP_ACT_KILL_PROCESS"})
        host = body["HostConfig"] | {"SecurityOpt": [*others, name + json.dumps(filtered)]}
        return body | {"HostConfig": host}

    monkeypatch.setattr(container, "engine_arguments", deadly)


def _watched(engine: DockerEngine, profile: Profile, media_type: str, content: bytes, script: str) -> SandboxRun:
    program = ("/usr/bin/python3", "-I", "-S", "-B", "-X", "utf8", "-c", script)
    return engine.run_program(profile, _job(profile, media_type, content), io.BytesIO(content), program)


@pytest.mark.usefixtures("deadly_sockets")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_asks_for_no_socket_and_starts_no_program(engine: DockerEngine, profile: Profile, name: str) -> None:
    """Not for want of a network: it does not even ask for one, from its import to its answer."""
    media_type, content, expected = DOCUMENTS[name]
    ran = _watched(engine, profile, media_type, content, _WATCHED + _LAUNCHED)
    assert ran.verdict is None, (ran.observation, ran.evidence.stderr_tail)
    document = admit(ran.untrusted_frames, OPTIONS)
    assert isinstance(document, AdmittedDocument)
    assert expected in document.text


# Put under the library: what it would be like if reading a text reached for something.
_READS_AND = """
sys.path.append("/opt/gloveport")
from parsers.unstructured_fallback import reader
def reach(elements):
    REACHED
    return []
reader.blocks_of = reach
"""


@pytest.mark.usefixtures("deadly_sockets")
@pytest.mark.parametrize(
    ("reached", "watched", "exit_code"),
    [
        ("import socket; socket.socket()", True, NOTICED),
        ("import socket; socket.socket()", False, KILLED_BY_THE_FILTER),
        ("import socket; socket.getaddrinfo('example.org', 80)", True, NOTICED),
        ("import urllib.request; urllib.request.urlopen('http://example.org/')", True, NOTICED),
        ("import ctypes; ctypes.CDLL(None).socket(2, 1, 0)", True, KILLED_BY_THE_FILTER),
        ("import subprocess; subprocess.run(['/bin/true'])", True, NOTICED),
        ("import os; os.posix_spawn('/bin/true', ['true'], {})", True, NOTICED),
        ("import os; os.fork()", True, NOTICED),
    ],
)
def test_what_reached_for_a_socket_or_a_program_would_be_seen(
    engine: DockerEngine, profile: Profile, reached: str, watched: bool, exit_code: int
) -> None:
    """The control of the test above: one reader that does it once, and swallows whatever comes of it."""
    attempt = f"try: {reached}\n    except BaseException: pass"
    watch = _WATCHED if watched else "import sys\n"
    script = watch + _READS_AND.replace("REACHED", attempt) + _LAUNCHED
    ran = _watched(engine, profile, "text/plain", b"A few words.", script)
    assert (ran.verdict, ran.evidence.exit_code) == (Reason.CRASHED, exit_code), ran.observation
