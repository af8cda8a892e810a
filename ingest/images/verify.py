"""HOST, trusted: proves that a built image is ours and works: each profile answers a document in a real sandbox."""

import io
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient

from contract import CONTRACT_VERSION
from contract.job import Job, Options
from ingest.airlock import admit
from ingest.errors import SandboxUnavailable
from ingest.images.context import context_root, image_manifests
from ingest.images.engine import BUILD_HINT
from ingest.images.installed import current_image, profiles_of
from ingest.manifests import SmokeTest
from ingest.outcome import Refused
from ingest.sandbox.base import Profile, SandboxEngine

_OPTIONS = Options(chunk_tokens_max=512, embedded_files_max=0, embedded_bytes_max=0, comments_in_text=True)


@dataclass(frozen=True, slots=True)
class Verification:
    """What the smoke test of one profile showed. `problem` is empty when it is as it should be."""

    image: str
    image_id: str
    profile: str
    problem: str


def verify_image(
    client: DockerClient, engine: SandboxEngine, name: str, *, root: Path | None = None
) -> list[Verification]:
    """Run every profile's smoke test in the sandbox that files get: no network, read-only root, airlock at the end.

    Raises `SandboxUnavailable` when the image is missing or is not made of this version's files.
    """
    root = root or context_root()
    image = current_image(client, name, root)
    if image is None:
        raise SandboxUnavailable(f"the image {name!r} was not built from the files of this version", hint=BUILD_HINT)
    manifest = image_manifests(root)[name]
    return [
        Verification(name, image.image_id, profile.name, smoke_problem(engine, profile, smoke_test))
        for profile in profiles_of(manifest, image).values()
        for smoke_test in (manifest.profiles[profile.name].smoke_test,)
    ]


def smoke_problem(
    engine: SandboxEngine, profile: Profile, smoke_test: SmokeTest, *, seconds_max: float | None = None
) -> str:
    """What is wrong with the profile's answer to its tiny document, or an empty text; also if it takes too long."""
    document = smoke_test.content()
    job = Job(
        contract=CONTRACT_VERSION,
        media_type_hint=smoke_test.media_type,
        input_bytes=len(document),
        options=_OPTIONS,
        wall_seconds=profile.limits.wall_seconds_for(len(document)),
        output_bytes_max=profile.limits.output_bytes,
    )
    try:
        ran = engine.run(profile, job, io.BytesIO(document))
    except SandboxUnavailable as error:
        return str(error)
    if ran.verdict is not None:
        return f"{ran.verdict.value}: {ran.observation}"
    if seconds_max is not None and ran.usage.wall_seconds > seconds_max:
        return f"its tiny document took {ran.usage.wall_seconds:.1f} s: the host is too slow to judge by the clock"
    admitted = admit(ran.untrusted_frames, _OPTIONS)
    if isinstance(admitted, Refused):
        return f"{admitted.reason.value}: {admitted.detail}"
    return "" if smoke_test.expect_text in admitted.text else f"its text lacks {smoke_test.expect_text!r}"
