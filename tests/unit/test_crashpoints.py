"""TEST: a crash point does nothing unless two variables ask for it, and then strikes exactly once."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.crashpoints import CrashMode, CrashPoint, InjectedCrash, Trap, trap_from


def test_one_variable_alone_arms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert trap_from({}) is None
    assert trap_from({"GLOVEPORT_CRASH_REPORT": str(tmp_path / "report")}) is None
    assert trap_from({"GLOVEPORT_CRASH_AT": "claimed:1:kill9"}) is None
    assert "not obeyed" in caplog.text


@pytest.mark.parametrize("wanted", ["claimed", "nowhere:1:kill9", "claimed:1:softly", "claimed:x:kill9"])
def test_a_misspelt_wish_is_refused(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ValueError):
        trap_from({"GLOVEPORT_CRASH_AT": wanted, "GLOVEPORT_CRASH_REPORT": str(tmp_path / "report")})


def test_it_strikes_at_the_nth_visit_of_its_point_and_never_again(tmp_path: Path) -> None:
    trap = Trap(str(tmp_path / "report"), CrashPoint.CLAIMED, 2, CrashMode.EXCEPTION)
    trap.visit(CrashPoint.PLANNED)
    trap.visit(CrashPoint.CLAIMED)
    with pytest.raises(InjectedCrash, match="claimed"):
        trap.visit(CrashPoint.CLAIMED)
    trap.visit(CrashPoint.CLAIMED)
    assert (tmp_path / "report").read_text() == "claimed\n"


def test_a_census_writes_every_visit_down_and_strikes_nowhere(tmp_path: Path) -> None:
    report = tmp_path / "report"
    trap = trap_from({"GLOVEPORT_CRASH_AT": "census", "GLOVEPORT_CRASH_REPORT": str(report)})
    assert trap is not None
    for point in (CrashPoint.CLAIMED, CrashPoint.CLAIMED, CrashPoint.CLOSING):
        trap.visit(point)
    assert report.read_text().split() == ["claimed", "claimed", "closing"]


@pytest.mark.parametrize(("mode", "status"), [("kill9", -9), ("sigterm", -15), ("exception", 1)])
def test_an_armed_process_dies_as_asked(tmp_path: Path, mode: str, status: int) -> None:
    program = "from ingest.crashpoints import CrashPoint, reached; reached(CrashPoint.CLAIMED)"
    environment = {
        "GLOVEPORT_CRASH_AT": f"claimed:1:{mode}",
        "GLOVEPORT_CRASH_REPORT": str(tmp_path / "report"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    died = subprocess.run([sys.executable, "-c", program], env=environment, check=False, stderr=subprocess.DEVNULL)
    assert died.returncode == status
    assert (tmp_path / "report").read_text() == "claimed\n"
