"""TEST: the core attacks once more on the user-space kernel, where limits are kept by other means."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contract.verdicts import Reason
from ingest.airlock import admit
from ingest.outcome import Refused
from ingest.sandbox.base import MEBIBYTE, SandboxRun, Tier
from tests.hostile.attacker import OPTIONS, SHORT, Attacker, report_of
from tests.hostile.test_escape import Ears, ears

__all__ = ["ears"]

LIMITS = replace(SHORT, memory_bytes=256 * MEBIBYTE, cpu_seconds=2.0)  # the kernel itself takes its share
Attack = Callable[..., SandboxRun]


@pytest.fixture
def attack(attacker: Attacker, gvisor: Tier) -> Attack:
    def run(name: str, **order: Any) -> SandboxRun:
        return attacker.run(name, limits=LIMITS, tier=gvisor, **order)

    return run


@pytest.mark.parametrize(
    ("name", "order", "reason"),
    [
        ("sleep_for_ever", {}, Reason.STALLED),
        ("progress_for_ever", {}, Reason.TIMEOUT),
        ("ignore_signals", {}, Reason.STALLED),
        ("spin", {}, Reason.CPU_LIMIT),
        ("allocate", {"mebibytes": 10 * 1024}, Reason.OUT_OF_MEMORY),
        ("flood", {"what": "frames", "descriptor": 1}, Reason.OUTPUT_LIMIT),
        ("flood", {"what": "garbage", "descriptor": 2}, Reason.OUTPUT_LIMIT),
        ("segfault", {}, Reason.CRASHED),
        ("kill", {"whom": "self", "signal": 9}, Reason.CRASHED),
        ("lie_then_exit", {"status": 0}, Reason.PROTOCOL_VIOLATION),
        ("done_then_stay", {}, Reason.PROTOCOL_VIOLATION),
    ],
)
def test_attacks_end_for_the_same_reasons(attack: Attack, name: str, order: dict[str, Any], reason: Reason) -> None:
    run = attack(name, **order)
    assert run.verdict is reason, run
    assert run.usage.wall_seconds <= LIMITS.wall_seconds + 2


def test_a_fork_bomb_is_contained(attack: Attack) -> None:
    """Each process of gVisor costs the host threads and memory: which runs out first depends on the machine."""
    assert attack("fork_bomb").verdict in {Reason.PIDS_LIMIT, Reason.OUT_OF_MEMORY}


def test_a_document_that_is_never_read_blocks_nobody(attack: Attack) -> None:
    assert attack("sleep_for_ever", body=bytes(16 * MEBIBYTE), read=False).verdict is Reason.STALLED


def test_a_full_disk_is_the_sandboxes_own(attack: Attack) -> None:
    answer = admit(attack("fill_disk").untrusted_frames, OPTIONS)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.DISK_LIMIT


def test_there_is_no_way_out(attack: Attack, ears: Ears) -> None:
    arguments = {"ports": ears.ports, "hosts": ["127.0.0.1", "::1", "192.0.2.1"], "abstract": ears.abstract}
    outcomes = report_of(attack("probe", probe="network", **{"with": arguments}))
    assert ears.heard() == []
    assert "succeeded" not in {outcomes[name] for name in outcomes if name.startswith("tcp") or name == "abstract"}


def test_nothing_can_be_written_but_the_tmpfs(attack: Attack) -> None:
    assert report_of(attack("probe", probe="writable_places", **{"with": {}})) == ["/tmp"]


def test_nobody_becomes_root(attack: Attack) -> None:
    outcomes = report_of(attack("probe", probe="become_root", **{"with": {}}))
    assert {outcomes[name] for name in ("setuid", "setresuid", "setgid", "chroot")} == {"EPERM"}
    assert outcomes["CapEff"] == "0" * 16
