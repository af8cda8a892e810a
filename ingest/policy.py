"""HOST, trusted: decides what a file is run in: profile and limits, from a type hint and the operator's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from ingest.errors import ConfigurationError
from ingest.sandbox.base import Limits, Profile, Tier
from ingest.settings import Settings

# A reviewer who lets a file through its resource limits gives it this many times as much of each.
RELEASED_FACTOR: Final = 4
_SCALED: Final = (
    "memory_bytes", "tmpfs_bytes", "pids", "cpu_seconds", "wall_seconds", "wall_seconds_max", "stall_seconds",
    "output_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """Routes media types to profiles. `routes` maps a media type to a profile's name; `fallback` takes all others."""

    profiles: Mapping[str, Profile]
    routes: Mapping[str, str]
    fallback: str
    input_bytes_max: int

    def profile_for(self, media_type_hint: str, *, larger_limits: bool = False) -> Profile:
        """What to run a file of this type in; with the limits a reviewer's release grants, if it has one."""
        profile = self.profiles[self.routes.get(media_type_hint, self.fallback)]
        if not larger_limits:
            return profile
        scaled = {name: getattr(profile.limits, name) * RELEASED_FACTOR for name in _SCALED}
        return replace(profile, limits=replace(profile.limits, **scaled))


def make_policy(
    profiles: Mapping[str, Profile], routes: Mapping[str, str], fallback: str, settings: Settings
) -> Policy:
    """A policy from the images' manifests, in which what the operator set himself beats what an image asks for.

    Raises `ConfigurationError` when a route leads nowhere.
    """
    if missing := {*routes.values(), fallback} - set(profiles):
        raise ConfigurationError(f"routes lead to unknown profiles: {', '.join(sorted(missing))}")
    limit_names = {field.name for field in fields(Limits)}
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set & limit_names}
    tier = Tier(settings.tier)
    adjusted = {
        name: replace(
            profile,
            limits=replace(profile.limits, **chosen),
            tier=tier if "tier" in settings.model_fields_set else profile.tier,
        )
        for name, profile in profiles.items()
    }
    return Policy(adjusted, routes, fallback, settings.input_bytes)
