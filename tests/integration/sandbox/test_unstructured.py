"""TEST: the image `unstructured`, where it was built: each type that it reads, in real sandboxes, without a socket."""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from contract import CONTRACT_VERSION
from contract.job import Job, Options
from contract.verdicts import Reason
from ingest.airlock import admit
from ingest.images import connect, resolve_profiles
from ingest.outcome import AdmittedDocument, Refused
from ingest.sandbox.base import Profile
from ingest.sandbox.docker_engine import DockerEngine
from tests.integration.sandbox.second_reader_files import HTML, documents

OPTIONS = Options(chunk_tokens_max=512, embedded_files_max=10, embedded_bytes_max=1 << 20)

DOCUMENTS = documents()


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


def _read(engine: DockerEngine, profile: Profile, media_type: str, content: bytes) -> AdmittedDocument | Refused:
    job = Job(
        contract=CONTRACT_VERSION,
        media_type_hint=media_type,
        input_bytes=len(content),
        options=OPTIONS,
        wall_seconds=profile.limits.wall_seconds_for(len(content)),
        output_bytes_max=profile.limits.output_bytes,
    )
    ran = engine.run(profile, job, io.BytesIO(content))
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


# Runs in place of the image's own entry point: an audit hook cannot be taken off again by what is watched.
_WATCHED = """
import base64, json, sys
sys.path.append("/opt/gloveport")
seen = []
def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")):
        seen.append(f"{event} {arguments!r}"[:200])
sys.addaudithook(watch)
from parsers import registry
from parsers.blocks import Report
registry.preload(["unstructured"])
read = []
for name, (media_type, content) in json.loads(sys.argv[1]).items():
    parser = registry.parser_for(media_type, ["unstructured"])
    if parser.parse(base64.b64decode(content), Report(lambda *_: None)).blocks:
        read.append(name)
print(json.dumps({"seen": seen, "read": read}))
"""


def test_it_opens_no_socket_and_starts_no_program(profile: Profile) -> None:
    """Not for want of a network: it does not even ask for one."""
    given = {name: (kind, b64encode(content).decode()) for name, (kind, content, _) in DOCUMENTS.items()}
    with closing(docker.from_env()) as client:
        container = client.containers.create(
            profile.image,
            ["-I", "-S", "-B", "-X", "utf8", "-c", _WATCHED, json.dumps(given)],
            entrypoint="/usr/bin/python3",
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
        )
        try:
            container.start()
            exit_code = container.wait(timeout=120)["StatusCode"]
            said = container.logs().decode()
        finally:
            container.remove(force=True)
    assert exit_code == 0, said[-2000:]
    answer = json.loads(said.splitlines()[-1])
    assert answer == {"seen": [], "read": list(DOCUMENTS)}
