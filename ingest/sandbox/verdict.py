"""HOST, trusted: from what the host observed of a run to a reason, in one pure function. Claims play no part."""

import signal
from dataclasses import dataclass
from typing import Final

from contract.verdicts import Reason
from ingest.sandbox.deadline import Stop

SIGNAL_BASE: Final = 128  # the init exits with this plus the number of the signal that ended the parser
EXIT_CPU: Final = SIGNAL_BASE + signal.SIGXCPU
EXIT_FILE_SIZE: Final = SIGNAL_BASE + signal.SIGXFSZ
EXIT_KILLED: Final = SIGNAL_BASE + signal.SIGKILL
EXIT_TERMINATED: Final = SIGNAL_BASE + signal.SIGTERM
EXIT_MEMORY: Final = 4  # `python -m parsers` after a MemoryError; a lie would only harm the liar


@dataclass(frozen=True, slots=True)
class Observation:
    """How a run ended, as seen from outside.

    stop             the limit at which the host killed the sandbox
    rule_broken      the rule of the contract that its output broke, in words of ours; "" for none
    done             a DONE frame arrived, and nothing after it
    exit_code        None when the engine could not tell
    oom_killed       the engine's flag; may be true with exit 0, and false with exit 137
    oom_kills        the control group's count
    """

    stop: Stop | None = None
    rule_broken: str = ""
    done: bool = False
    exit_code: int | None = None
    oom_killed: bool = False
    oom_kills: int = 0
    pids_limit_hits: int = 0


def judge(observation: Observation) -> tuple[Reason | None, str]:
    """The verdict and one line for the operator. None: it ended as the contract says.

    What the kernel did comes first: a sandbox whose child was taken for memory may go on, hang, crash or end well, and
    memory is still why. Then the limit that the host enforced, then the contract, then the exit code. Refused forks
    count only when the run did not end well: libraries try for more threads than they need.
    """
    seen = observation
    ended_well = seen.done and not seen.stop and not seen.rule_broken and seen.exit_code == 0
    if seen.oom_killed or seen.oom_kills:
        return Reason.OUT_OF_MEMORY, f"memory limit reached, {max(seen.oom_kills, 1)} process(es) killed by the kernel"
    if seen.pids_limit_hits and not ended_well:
        return Reason.PIDS_LIMIT, f"{seen.pids_limit_hits} new processes or threads refused, then {_ending(seen)}"
    if seen.stop:
        return seen.stop.reason, seen.stop.detail
    if seen.rule_broken:
        return Reason.PROTOCOL_VIOLATION, seen.rule_broken
    if seen.exit_code != 0:
        return _of_exit_code(seen.exit_code), _ending(seen)
    if not seen.done:
        return Reason.PROTOCOL_VIOLATION, "exit 0 without a result"
    return None, "ended as the contract says"


def _of_exit_code(exit_code: int | None) -> Reason:
    reasons = {EXIT_CPU: Reason.CPU_LIMIT, EXIT_FILE_SIZE: Reason.DISK_LIMIT, EXIT_MEMORY: Reason.OUT_OF_MEMORY}
    return Reason.CRASHED if exit_code is None else reasons.get(exit_code, Reason.CRASHED)


def _ending(seen: Observation) -> str:
    if seen.stop:
        return seen.stop.detail
    if seen.rule_broken:
        return seen.rule_broken
    if seen.exit_code is None:
        return "ended with an unknown exit code"
    if seen.exit_code > SIGNAL_BASE:
        number = seen.exit_code - SIGNAL_BASE
        names = {member.value: member.name for member in signal.Signals}
        return f"ended by {names.get(number, f'signal {number}')}"
    return f"exit {seen.exit_code}"
