"""HOST, trusted: the parameters of the flow, as Prefect stores them, shows them in its UI and takes them from there.

They hold no secret and no address to fetch from but the source itself: whoever starts a run from the UI decides what is
read and within which limits, never which database or store endpoint the worker talks to.
"""

from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from ingest.settings import Settings, load_settings

OVERRIDABLE: Final = frozenset({
    "attempts_max", "chunk_tokens", "claim_batch", "comments_in_text", "concurrency", "cpu_seconds", "cpus",
    "embedded_bytes", "embedded_bytes_once", "embedded_depth", "embedded_files", "embedded_ratio",
    "idle_seconds", "input_bytes", "lease_seconds", "mass_delete_percent", "memory_bytes", "output_bytes",
    "pids", "prewarm", "priority", "stall_seconds", "tenant", "tier", "tmpfs_bytes", "wall_seconds",
    "wall_seconds_max", "wall_seconds_per_mebibyte",
})  # fmt: skip


class BatchRequest(BaseModel):
    """What one run is to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1, description="What to ingest: s3://bucket/prefix, or a folder of this host.")
    concurrency: int = Field(default=0, ge=0, le=256, description="Sandboxes at work at once; 0: the worker's setting.")
    files_max: int | None = Field(default=None, ge=1, description="Begin at most this many files.")
    hosts: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Hosts that work on it, where the pool has as many free workers; of a bucket.",
    )
    refresh: bool = Field(default=False, description="Also follow moved files, and withdraw what the source lost.")
    allow_mass_delete: bool = Field(default=False, description="Let this refresh withdraw any share of the source.")
    overrides: dict[str, int | float | str] = Field(
        default_factory=dict,
        description="Settings of the profile for this run alone, by name.",
        json_schema_extra={"propertyNames": {"enum": list[JsonValue](sorted(OVERRIDABLE))}},
    )

    @field_validator("overrides")
    @classmethod
    def _only_known_limits(cls, overrides: dict[str, int | float | str]) -> dict[str, int | float | str]:
        unknown = sorted(set(overrides) - OVERRIDABLE)
        if unknown:
            raise ValueError(f"not a setting of the profile: {', '.join(unknown)}")
        try:
            Settings.model_validate(overrides)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
        return overrides

    @model_validator(mode="after")
    def _can_be_shared(self) -> Self:
        if self.hosts > 1 and not self.source.startswith("s3://"):
            raise ValueError("hosts: only a bucket is the same from every host")
        if self.hosts > 1 and self.files_max is not None:
            raise ValueError("files_max bounds the files of one host")
        return self

    @classmethod
    def of(cls, source: str, settings: Settings, files_max: int | None, **asked: bool) -> "BatchRequest":
        """The request that says as much of these settings as Prefect may know. `asked`: its other fields."""
        default = Settings(state_directory=settings.state_directory)
        told = settings.ownership()  # to set a default is to say something, too: it brings a source back to it
        changed: dict[str, Any] = {
            name: value
            for name, value in settings.model_dump(mode="json", include=set(OVERRIDABLE)).items()
            if (value != getattr(default, name) or name in told) and name != "concurrency"
        }
        return cls(source=source, concurrency=settings.concurrency, files_max=files_max, overrides=changed, **asked)

    def settings(self) -> Settings:
        """The settings of this process with what was asked on top. Raises `ConfigurationError`."""
        return load_settings({**self.overrides, "concurrency": self.concurrency or None})
