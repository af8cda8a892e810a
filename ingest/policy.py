"""HOST, trusted: decides what a file is run in: profile and limits, from a type hint and the operator's settings.

A manifest may name verdicts after which a file gets one further try, with larger limits or in another profile. Without
that, a verdict is a verdict.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from contract.verdicts import FindingKind, Reason
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
class Escalation:
    """One further try of a profile's file: after which verdicts, with how much more room, and in which profile.

    `profile` empty: in the same one. `findings` call for it though the file was read. `first_stands`: when both tries
    end with a verdict, the file is held for the first, with the second in its evidence.
    """

    reasons: frozenset[Reason]
    factor: float = 1.0
    profile: str = ""
    findings: frozenset[FindingKind] = frozenset()
    first_stands: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be taken out of one file of the source, at any depth; `ratio_max` is by that file's own size."""

    depth_max: int = 6
    files_max: int = 1000
    bytes_max: int = 1 << 30
    ratio_max: int = 200


@dataclass(frozen=True, slots=True)
class Policy:
    """Routes media types to profiles. `routes` maps a media type to a profile's name; `fallback` takes all others.

    `escalations` are by the name of the profile that was tried first.
    """

    profiles: Mapping[str, Profile]
    routes: Mapping[str, str]
    fallback: str
    input_bytes_max: int
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def profile_for(self, media_type_hint: str, *, larger_limits: bool = False) -> Profile:
        """What to run a file of this type in; with the limits a reviewer's release grants, if it has one."""
        profile = self.profiles[self.routes.get(media_type_hint, self.fallback)]
        return _with_room(profile, RELEASED_FACTOR) if larger_limits else profile

    def escalated(self, profile: Profile, reason: Reason | None, findings: Collection[str] = ()) -> Profile | None:
        """What to try a file in once more after its first profile; None when what that came to stands.

        `reason` is its verdict; `findings` are the kinds in what was read, when there is none.
        """
        escalation = self.escalations.get(profile.name)
        if escalation is None:
            return None
        if reason not in escalation.reasons and (reason is not None or escalation.findings.isdisjoint(findings)):
            return None
        return _with_room(self.profiles[escalation.profile or profile.name], escalation.factor)

    def first_stands(self, profile: Profile) -> bool:
        """Whether a verdict of this profile stands when the further try ends with one, too."""
        escalation = self.escalations.get(profile.name)
        return escalation is not None and escalation.first_stands


def _with_room(profile: Profile, factor: float) -> Profile:
    """The profile with so many times as much of each resource; whole numbers stay whole."""
    limits = profile.limits
    scaled = {name: type(getattr(limits, name))(getattr(limits, name) * factor) for name in _SCALED}
    return replace(profile, limits=replace(limits, **scaled))


def make_policy(
    profiles: Mapping[str, Profile],
    routes: Mapping[str, str],
    fallback: str,
    settings: Settings,
    escalations: Mapping[str, Escalation] | None = None,
) -> Policy:
    """A policy from the images' manifests, in which what the operator set himself beats what an image asks for.

    Raises `ConfigurationError` when a route or an escalation leads nowhere.
    """
    escalations = escalations or {}
    further = {escalation.profile for escalation in escalations.values() if escalation.profile}
    if missing := {*routes.values(), fallback, *further, *escalations} - set(profiles):
        raise ConfigurationError(f"routes lead to unknown profiles: {', '.join(sorted(missing))}")
    limit_names = {limit.name for limit in fields(Limits)}
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
    budget = Budget(settings.embedded_depth, settings.embedded_files, settings.embedded_bytes, settings.embedded_ratio)
    return Policy(adjusted, routes, fallback, settings.input_bytes, escalations, budget)
