"""HOST, trusted: every setting in one place, with its default, its meaning and where its value came from.

Precedence: command-line flag > `GLOVEPORT_*` > `./gloveport.toml` > `[tool.gloveport]` of `./pyproject.toml` >
user file (`$XDG_CONFIG_HOME/gloveport/gloveport.toml`) > default. Unknown keys are errors everywhere.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.job import Options
from ingest.errors import ConfigurationError

ENVIRONMENT_PREFIX: Final = "GLOVEPORT_"
# Variables of that prefix which are read elsewhere: by the bootstrap, by image builds, by tests.
FOREIGN_VARIABLES: Final = frozenset({
    "GLOVEPORT_NO_INSTALL", "GLOVEPORT_BASE_IMAGE", "GLOVEPORT_CORPUS", "GLOVEPORT_VERBOSE",
    "GLOVEPORT_CRASH_AT", "GLOVEPORT_CRASH_REPORT",
})  # fmt: skip


def default_state_directory() -> Path:
    """`$XDG_STATE_HOME/gloveport`, by the XDG base directory specification."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "gloveport"


class Ownership(TypedDict, total=False):
    """What decides about a source itself rather than about one run over it."""

    tenant: str
    priority: int


class Settings(BaseModel):
    """All settings. Sizes are bytes, times are seconds. Each field's description is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    state_directory: Path = Field(
        default_factory=default_state_directory,
        description="Where gloveport keeps its embedded services, spool files and owner locks.",
    )
    database_url: str = Field(
        default="", description="PostgreSQL to use, as a URL; empty: the embedded server under the state directory."
    )
    store: str = Field(
        default="",
        description="Where normalized documents and quarantined originals go (s3:// or a folder); empty: `.gloveport/`"
        " in the source's own bucket, or the folder `store` in the state directory when the source is a folder.",
    )
    s3_endpoint_url: str = Field(
        default="", description="Endpoint of an S3-compatible store; empty: boto3's own rules."
    )
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto", description="How buckets are addressed at that endpoint."
    )
    s3_region: str = Field(default="", description="Region of the store; empty: boto3's own rules.")
    tenant: str = Field(default="default", description="Whose files these are, for usage and search.", max_length=128)
    priority: int = Field(
        default=0, ge=-100, le=100, description="Which of a tenant's sources goes first where a worker serves several."
    )
    concurrency: int = Field(
        default=0, ge=0, le=256, description="Sandboxes at work at once; 0: one for each processor."
    )
    prewarm: int = Field(default=0, ge=0, le=256, description="Sandboxes kept ready; 0: as many as `concurrency`.")
    claim_batch: int = Field(default=20, ge=1, le=1000, description="Files claimed from the catalogue at once.")
    lease_seconds: float = Field(default=60, ge=5, le=3600, description="How long a claim lives without a heartbeat.")
    attempts_max: int = Field(
        default=3,
        ge=1,
        le=20,
        description="Tries at one file in one run when the fault is ours, with back-off; a watch goes on after them.",
    )
    mass_delete_percent: int = Field(
        default=20, ge=0, le=100, description="A refresh that would withdraw a larger share of a source stops first."
    )
    watch_rescan_seconds: float = Field(
        default=900, ge=1, description="How often a watcher lists its source, for what no event told."
    )
    watch_settle_seconds: float = Field(
        default=1, ge=0, le=3600, description="How long a file that is open for writing must be quiet to be read."
    )
    watch_grace_seconds: float = Field(
        default=30, ge=0, le=3600, description="How long a watcher that is told to stop lets files at work go on."
    )
    watch_tries: int = Field(
        default=5, ge=1, le=1000, description="Tries at one message where the queue has no redrive policy."
    )
    watch_warm: int = Field(
        default=1, ge=0, le=64, description="Sandboxes of each profile that a watcher keeps ready while idle."
    )
    worker_runs: int = Field(
        default=1, ge=1, le=64, description="Runs that the Prefect worker of this host has at work at once; more wait."
    )
    chunk_tokens: int = Field(default=512, ge=32, le=8192, description="Upper bound of a chunk, in tokens.")
    embedded_depth: int = Field(
        default=6, ge=0, le=16, description="How deep files may lie in each other; what is deeper is a `bomb`."
    )
    embedded_files: int = Field(
        default=1000, ge=0, le=100_000, description="Embedded files taken out of one file of the source, at any depth."
    )
    embedded_bytes: int = Field(
        default=1 << 30,
        ge=0,
        description="Bytes of all embedded files of one file of the source; beyond: `too_large`.",
    )
    embedded_bytes_once: int = Field(
        default=128 << 20, ge=0, le=1 << 30, description="Bytes of embedded files that one sandbox may pass on."
    )
    embedded_ratio: int = Field(
        default=200,
        ge=1,
        description="How many times the size of a file of the source its embedded files may have;"
        " beyond 16 MiB, what is over it is a `bomb`.",
    )
    comments_in_text: bool = Field(
        default=True, description="Reviewers' comments are text and found; else they are metadata of elements alone."
    )
    tier: Literal["single_use", "single_use_gvisor"] = Field(
        default="single_use", description="How fresh a sandbox is for each file; gvisor needs the runsc runtime."
    )
    memory_bytes: int = Field(default=512 << 20, ge=64 << 20, description="Memory of one sandbox, swap included.")
    tmpfs_bytes: int = Field(default=64 << 20, ge=1 << 20, description="Scratch space of one sandbox.")
    pids: int = Field(default=64, ge=8, le=4096, description="Processes and threads of one sandbox.")
    cpus: float = Field(default=1.0, gt=0, le=64, description="Processors of one sandbox.")
    cpu_seconds: float = Field(default=60, gt=0, description="Processor time of one sandbox.")
    wall_seconds: float = Field(default=30, gt=0, description="Wall time of a small file.")
    wall_seconds_per_mebibyte: float = Field(default=1, ge=0, description="Wall time added for each MiB of input.")
    wall_seconds_max: float = Field(default=120, gt=0, description="Ceiling of the wall time.")
    stall_seconds: float = Field(default=10, gt=0, description="Longest silence of a sandbox at work.")
    idle_seconds: int = Field(
        default=900, ge=10, description="After so long without a job a sandbox ends by itself, whoever forgot it."
    )
    output_bytes: int = Field(default=64 << 20, ge=1 << 20, description="Most a sandbox may say.")
    input_bytes: int = Field(default=256 << 20, ge=1, description="Largest file read; larger ones are `too_large`.")

    def ownership(self) -> Ownership:
        """Whose a source is and what goes first: as much of it as somebody set, a default being nobody's decision.

        What is not in it leaves a source as it is, so a run without `--set tenant=…` moves nothing out of its limits.
        """
        told: Ownership = {}
        if "tenant" in self.model_fields_set:
            told["tenant"] = self.tenant
        if "priority" in self.model_fields_set:
            told["priority"] = self.priority
        return told

    def options(self) -> Options:
        """What a sandbox is told of chunks and embedded files; part of the identity of its result."""
        return {
            "chunk_tokens_max": self.chunk_tokens,
            "embedded_files_max": self.embedded_files,
            "embedded_bytes_max": min(self.embedded_bytes, self.embedded_bytes_once),
            "comments_in_text": self.comments_in_text,
        }

    def with_defaults_resolved(self) -> "Settings":
        """The same settings with zeros and empties that mean "decide for me" decided."""
        concurrency = self.concurrency or max(1, len(os.sched_getaffinity(0)))
        return self.model_copy(update={"concurrency": concurrency, "prewarm": self.prewarm or concurrency})


class Origin(BaseModel):
    """Where the value of one setting came from: a flag, a variable, a file, or the default."""

    name: str
    value: Any
    source: str


def load_settings(flags: Mapping[str, Any] | None = None, *, directory: Path | None = None) -> Settings:
    """Settings by precedence. `flags` holds what the command line gave, absent or None when not given.

    Raises `ConfigurationError` naming the source and the key of whatever is unknown or out of range.
    """
    values = {name: value for name, (value, _) in _merge(flags or {}, directory or Path.cwd()).items()}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        source = _merge(flags or {}, directory or Path.cwd()).get(name, ("", "default"))[1]
        raise ConfigurationError(f"{name} ({source}): {first['msg']}") from None


def origins(flags: Mapping[str, Any] | None = None, *, directory: Path | None = None) -> list[Origin]:
    """Every setting with its value and source, in the order of the class."""
    settings = load_settings(flags, directory=directory)
    merged = _merge(flags or {}, directory or Path.cwd())
    dumped = settings.model_dump(mode="json")
    return [Origin(name=name, value=dumped[name], source=merged.get(name, ("", "default"))[1]) for name in dumped]


def _merge(flags: Mapping[str, Any], directory: Path) -> dict[str, tuple[Any, str]]:
    """Name to (value, source), weakest source first so that stronger ones overwrite."""
    merged: dict[str, tuple[Any, str]] = {}
    for source, values in (
        *_files(directory),
        ("environment", _environment()),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    ):
        for name, value in values.items():
            if name not in Settings.model_fields:
                raise ConfigurationError(f"unknown setting {name!r} ({source})", hint="gloveport config view lists all")
            origin = f"{ENVIRONMENT_PREFIX}{name.upper()}" if source == "environment" else source
            merged[name] = (value, origin)
    return merged


def _files(directory: Path) -> list[tuple[str, Mapping[str, Any]]]:
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gloveport" / "gloveport.toml"
    project, local = directory / "pyproject.toml", directory / "gloveport.toml"
    return [
        (str(user), _toml(user)),
        (f"{project} [tool.gloveport]", _toml(project).get("tool", {}).get("gloveport", {})),
        (str(local), _toml(local)),
    ]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _environment() -> dict[str, str]:
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and name not in FOREIGN_VARIABLES
    }


def without_password(address: str) -> str:
    """An address as it may be shown: the password of its user part and of its options replaced.

    Up to the last "@": a password with an unescaped "@" or "/" is wrong, but still nobody's to see.
    """
    hidden = re.sub(r"(?<=://)([^/@:]*):[^?]*@", r"\1:***@", address)
    return re.sub(r"(?i)([?&][^=&]*(?:password|secret|token|key)[^=&]*=)[^&]*", r"\1***", hidden)
