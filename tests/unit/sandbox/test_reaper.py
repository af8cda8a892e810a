"""TEST: who owns what: a lock that dies with its process, whatever the process number."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from ingest.sandbox.reaper import OWNER_LABEL, Owner

_OTHER = """
import sys
from pathlib import Path
from ingest.sandbox.reaper import Owner
print(Owner(Path(sys.argv[1]), "tests").owner, flush=True)
sys.stdin.read()
"""


def test_an_owner_lives_as_long_as_its_process(tmp_path: Path) -> None:
    mine = Owner(tmp_path, "tests")
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        name = other.stdout.readline().strip()
        assert not mine.is_dead(name)
        other.kill()  # -9: nothing is tidied up
        other.wait()
        assert (tmp_path / f"{name}.lock").exists()
        assert mine.is_dead(name)
    mine.forget_dead()
    assert not (tmp_path / f"{name}.lock").exists()
    mine.release()


def test_one_is_not_dead_to_oneself_nor_to_others_while_alive(tmp_path: Path) -> None:
    first, second = Owner(tmp_path, "tests"), Owner(tmp_path, "tests")
    assert not first.is_dead(first.owner)
    assert not first.is_dead(second.owner)
    first.forget_dead()
    assert not first.is_dead(second.owner)
    second.release()
    assert first.is_dead(second.owner)
    first.release()


@pytest.mark.parametrize("label", ["", "../../etc/passwd", "x", "0" * 15, "0" * 16 + "/.."])
def test_a_label_that_is_no_owner_is_left_alone(tmp_path: Path, label: str) -> None:
    owner = Owner(tmp_path, "tests")
    assert not owner.is_dead(label)
    owner.release()


def test_a_folder_is_one_namespace_and_another_folder_another(tmp_path: Path) -> None:
    owners = [Owner(tmp_path / name, "tests") for name in ("a", "a", "b")]
    assert owners[0].namespace == owners[1].namespace != owners[2].namespace
    assert owners[0].labels("pdf")[OWNER_LABEL] != owners[1].labels("pdf")[OWNER_LABEL]
    for owner in owners:
        owner.release()


def test_a_folder_that_cannot_be_is_a_matter_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError):
        Owner(tmp_path / "file" / "folder", "tests")
