"""TEST: the reference pages list exactly what the code knows."""

import re
from pathlib import Path

import pytest

from contract.verdicts import ElementType, FindingKind, Reason, Severity
from ingest.cli import COMMANDS
from ingest.errors import ExitCode
from ingest.outcome import Outcome
from ingest.settings import FOREIGN_VARIABLES, Settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def section(page: str, heading: str) -> str:
    """The text between a second-level heading and the next."""
    text = (DOCS / page).read_text("utf-8")
    return re.split(r"^## ", text, flags=re.MULTILINE)[
        [s.split("\n")[0] for s in re.split(r"^## ", text, flags=re.MULTILINE)].index(heading)
    ]


def first_column(table: str) -> list[str]:
    return re.findall(r"^\| `?([A-Za-z0-9_]+)`? \|", table, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Outcomes", [outcome.value for outcome in Outcome]),
        ("Reasons", [reason.value for reason in Reason]),
        ("Findings", [kind.value for kind in FindingKind]),
        ("Exit codes", [str(code.value) for code in ExitCode]),
    ],
)
def test_vocabulary_tables_are_complete_and_in_order(heading: str, values: list[str]) -> None:
    assert first_column(section("vocabulary.md", heading)) == values


def test_element_types_and_severities_are_listed() -> None:
    text = (DOCS / "vocabulary.md").read_text("utf-8")
    assert all(f"`{kind.value}`" in text for kind in [*ElementType, *Severity])


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `{name}` |" in text
        assert field.description is not None
        assert field.description in text


def test_every_other_variable_is_documented() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in FOREIGN_VARIABLES)


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    assert all(f"## gloveport {name}\n" in text for name in COMMANDS)
