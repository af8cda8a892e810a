"""TEST: the one further try that a manifest may name: what it may say, and what the policy makes of it."""

import io
from pathlib import Path

import pytest

from contract.verdicts import Reason
from ingest import run
from ingest.errors import ConfigurationError
from ingest.images import image_manifests
from ingest.manifests import escalations, read_manifest, routes, smoke_tests
from ingest.policy import Escalation, make_policy
from ingest.sandbox.base import Limits, Profile
from ingest.settings import Settings
from tests.unit.test_manifests import GOOD, written

SMALL = Profile("small", "sha256:1", "d1", Limits(memory_bytes=100, pids=11, cpu_seconds=3.0))
LARGE = Profile("large", "sha256:2", "d2")
TIMEOUT = frozenset({Reason.TIMEOUT})


def _manifest(folder: Path, table: str) -> Path:
    return written(folder, f"{GOOD}\n[profiles.letter.escalation]\n{table}\n")


def test_a_manifest_names_a_further_try(tmp_path: Path) -> None:
    manifests = {"letters": read_manifest(_manifest(tmp_path, 'reasons = ["timeout", "crashed"]\nfactor = 3'))}
    (table,) = escalations(manifests).values()
    assert (table.reasons, table.factor, table.profile) == (["timeout", "crashed"], 3.0, None)


def test_none_is_named_by_default(tmp_path: Path) -> None:
    manifests = {"letters": read_manifest(written(tmp_path, GOOD))}
    assert escalations(manifests) == {}
    assert set(smoke_tests(manifests)) == set(manifests["letters"].profiles)


@pytest.mark.parametrize(
    "table",
    [
        "reasons = []",
        'reasons = ["encrypted"]',
        'reasons = ["bomb"]',
        'reasons = ["timeout"]\nfactor = 100',
        'reasons = ["timeout"]\nfactor = 1',
        'reasons = ["timeout"]\ntries = 2',
        'reasons = ["corrupt"]',
        'reasons = ["unsupported"]',
        'reasons = ["empty"]\nprofile = "large"\nstands = "first"',
    ],
)
def test_what_is_no_further_try_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(ConfigurationError, match="escalation"):
        read_manifest(_manifest(tmp_path, table))


def test_larger_limits_keep_their_kinds(tmp_path: Path) -> None:
    policy = make_policy(
        {"small": SMALL}, {}, "small", Settings(state_directory=tmp_path), {"small": Escalation(TIMEOUT, 1.5)}
    )
    further = policy.escalated(SMALL, Reason.TIMEOUT)
    assert further is not None
    assert (further.limits.memory_bytes, further.limits.pids, further.limits.cpu_seconds) == (150, 16, 4.5)
    assert isinstance(further.limits.pids, int)
    assert further.limits.input_bytes == SMALL.limits.input_bytes
    assert policy.escalated(SMALL, Reason.CRASHED) is None


def test_another_profile_has_its_own_limits(tmp_path: Path) -> None:
    policy = make_policy(
        {"small": SMALL, "large": LARGE},
        {},
        "small",
        Settings(state_directory=tmp_path),
        {"small": Escalation(TIMEOUT, 1.0, "large")},
    )
    assert policy.escalated(SMALL, Reason.TIMEOUT) == LARGE
    assert policy.escalated(LARGE, Reason.TIMEOUT) is None


def test_a_second_reader_s_verdict_does_not_stand_where_the_manifest_says_so(tmp_path: Path) -> None:
    text = 'reasons = ["corrupt"]\nprofile = "large"\nfactor = 1\nstands = "first"'
    (table,) = escalations({"letters": read_manifest(_manifest(tmp_path, text))}).values()
    assert table.stands == "first"
    escalation = Escalation(frozenset({Reason.CORRUPT}), 1.0, "large", first_stands=True)
    profiles = {"small": SMALL, "large": LARGE}
    policy = make_policy(profiles, {}, "small", Settings(state_directory=tmp_path), {"small": escalation})
    assert (policy.first_stands(SMALL), policy.first_stands(LARGE)) == (True, False)


def test_our_own_readers_hand_on_what_a_reader_s_mistake_may_be_behind() -> None:
    """And nothing that a clock, a limit or a reader's caution said: an empty page may be one of hidden text."""
    tries = {name: table for name, table in escalations(image_manifests()).items() if table.profile == "unstructured"}
    assert set(tries) == {"office", "spreadsheets", "presentations", "mail", "xml", "text"}
    for table in tries.values():
        assert set(table.reasons) <= {"corrupt", "crashed", "unsupported"}
        assert (table.findings, table.factor, table.stands) == ([], 1.0, "first")
    assert "unsupported" not in tries["text"].reasons  # every type that nobody knows ends there
    assert "unstructured" not in routes(image_manifests()).values()


@pytest.mark.parametrize("built", [{"documents"}, {"documents", "unstructured"}, {"documents", "ocr", "unstructured"}])
def test_what_leads_to_an_optional_image_is_there_only_where_it_was_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: set[str]
) -> None:
    manifests = image_manifests()
    names = [name for image in built for name in manifests[image].profiles]
    profiles = {name: Profile(name, "sha256:" + "0" * 64, "0") for name in names}
    monkeypatch.setattr(run, "connect", io.BytesIO)  # asked for nothing but to be closed
    monkeypatch.setattr(run, "resolve_profiles", lambda _: profiles)
    policy = run.load_policy(Settings(state_directory=tmp_path))
    assert {name for name, further in policy.escalations.items() if further.profile == "unstructured"} == (
        {"office", "spreadsheets", "presentations", "mail", "xml", "text"} if "unstructured" in built else set()
    )
    assert ("pdf" in policy.escalations) == ("ocr" in built)
    first = policy.profiles["office"]
    second = policy.escalated(first, Reason.CORRUPT)
    assert (second.name if second else None) == ("unstructured" if "unstructured" in built else None)


@pytest.mark.parametrize("wrong", [{"small": Escalation(TIMEOUT, 2.0, "no-such")}, {"no-such": Escalation(TIMEOUT)}])
def test_a_further_try_that_leads_nowhere_is_refused(tmp_path: Path, wrong: dict[str, Escalation]) -> None:
    with pytest.raises(ConfigurationError, match="no-such"):
        make_policy({"small": SMALL}, {}, "small", Settings(state_directory=tmp_path), wrong)
