"""TEST: the systemd units, by systemd's own tools and by what they must not lack."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.cli import COMMANDS
from ingest.errors import ExitCode
from ingest.settings import FOREIGN_VARIABLES, Settings

UNITS = Path(__file__).resolve().parents[3] / "deploy" / "systemd"
HARDENING = UNITS / "gloveport-.service.d" / "10-hardening.conf"
EXPOSURE_MAX = 2.0  # systemd's own scale: 10 is a process without any of this; the network alone is 0.9

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as installed, with a program that is there on every machine in the place of gloveport's."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for unit in folder.glob("*.service"):
        unit.write_text(re.sub(r"/opt/gloveport/bin/\w+", "/bin/true", unit.read_text()))
    for template in folder.glob("*@.*"):
        shutil.copy(template, folder / template.name.replace("@", "@example"))
    return folder


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )  # fmt: skip


@needs_systemd
def test_systemd_accepts_every_unit(installed: Path) -> None:
    units = [f"./{unit.name}" for unit in installed.iterdir() if unit.is_file() and "@." not in unit.name]
    units = [unit for unit in units if not unit.endswith(".example")]
    assert len(units) == 6
    ran = analyze(installed, "verify", *units)
    assert (ran.returncode, ran.stderr) == (0, "")


@needs_systemd
def test_this_test_would_notice(installed: Path) -> None:
    with (installed / "gloveport-worker.service").open("a") as unit:
        unit.write("[Service]\nProtectSystem=perhaps\nExecStart=/no/such/program\n")
    assert "perhaps" in analyze(installed, "verify", "./gloveport-worker.service").stderr


@needs_systemd
@pytest.mark.parametrize(
    "unit", ["gloveport-worker.service", "gloveport-watch@example.service", "gloveport-refresh@example.service"]
)
def test_exposure_stays_low_by_systemds_own_measure(installed: Path, unit: str) -> None:
    ran = analyze(installed, "security", "--offline=true", f"./{unit}")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", ran.stdout)
    assert found is not None, ran.stderr
    assert float(found.group(1)) <= EXPOSURE_MAX


def parsed(path: Path) -> configparser.ConfigParser:
    """Keys that stand twice, as systemd allows, keep their last value here."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def test_the_sandboxes_can_still_be_observed() -> None:
    """Each of these would hide the control group of a sandbox, and with it its processor time and memory."""
    service = parsed(HARDENING)["Service"]
    assert service["ProtectProc"] == "default"
    assert "ProcSubset" not in service
    assert "PrivateUsers" not in service
    assert "AF_UNIX" in service["RestrictAddressFamilies"], "the engine's socket"


def test_every_service_is_covered_by_the_hardening() -> None:
    services = list(UNITS.glob("*.service"))
    assert len(services) == 4
    assert all(unit.name.startswith("gloveport-") for unit in services)
    assert not any("User" in parsed(unit)["Service"] for unit in services), "nothing takes it back"


def test_stopping_gives_files_at_work_the_time_they_may_take() -> None:
    service = parsed(HARDENING)["Service"]
    assert float(service["TimeoutStopSec"]) > Settings.model_fields["wall_seconds_max"].default
    assert service["KillMode"] == "control-group"


def test_commands_and_settings_exist() -> None:
    started = {parsed(unit)["Service"]["ExecStart"] for unit in UNITS.glob("*.service")}
    commands = {words[1] for line in started if (words := line.split())[0].endswith("/gloveport")}
    assert commands == {"watch", "refresh", "work"}
    assert commands <= set(COMMANDS)
    known = {f"GLOVEPORT_{field.upper()}" for field in Settings.model_fields} | FOREIGN_VARIABLES
    told = re.findall(r"^(GLOVEPORT_\w+)=", (UNITS / "gloveport.env.example").read_text(), re.MULTILINE)
    assert set(told) | set(re.findall(r"GLOVEPORT_\w+", HARDENING.read_text())) <= known


def test_a_quarantined_file_is_no_failed_unit() -> None:
    service = parsed(UNITS / "gloveport-refresh@.service")["Service"]
    assert service["SuccessExitStatus"].split()[0] == str(ExitCode.QUARANTINED.value)
