"""TEST: after one refresh the knowledge base holds what the source holds, and nothing else was touched."""

from collections import Counter

from contract.job import Job
from ingest import audit
from ingest.outcome import Outcome
from ingest.sandbox.base import Profile, SandboxRun
from tests.integration.pipeline.speech import echo
from tests.integration.refresh.conftest import Refreshing


def test_of_a_thousand_files_exactly_those_that_differ_are_touched(refreshing: Refreshing) -> None:
    names = [f"{number:04}.txt" for number in range(1000)]
    changed, moved, deleted, new = names[:100], names[100:150], names[150:180], ["new-1.txt", "new-2.txt"]
    untouched = names[180:]
    refreshing.upload(*names)
    refreshing.refresh()
    before, events_before = refreshing.chunk_rows(), audit.verify(refreshing.house.db).events
    assert len(before) == 1000

    refreshing.upload(*changed, content="other words of {}, and more of them".format)
    for name in moved:
        refreshing.rename(name, f"moved/{name}")
    refreshing.remove(*deleted)
    refreshing.upload(*new)
    summary = refreshing.refresh()
    after = refreshing.chunk_rows()

    assert sorted(job[2].decode() for job in refreshing.engine.jobs) == sorted(
        [f"other words of {name}, and more of them" for name in changed] + [f"words of {name}" for name in new]
    ), "a sandbox for each new content, and for nothing else"
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}
    assert {name: after[f"moved/{name}"] for name in moved} == {name: before[name] for name in moved}
    assert set(after) == {*untouched, *changed, *new, *(f"moved/{name}" for name in moved)}
    assert all(after[name][0] == before[name][0] for name in changed), "a changed document is the same document"

    ends = refreshing.ends()
    assert Counter(outcome for outcome, _ in ends.values()) == {"indexed": 102, "unchanged": 870, "deleted": 80}
    assert {ends[name] for name in deleted} == {("deleted", "gone from its store")}
    assert all(ends[name] == ("deleted", f"moved to moved/{name}") for name in moved)
    assert all(ends[f"moved/{name}"] == ("unchanged", f"moved from {name}") for name in moved)
    assert summary.counts[Outcome.DELETED] == 80
    assert summary.pending == 0

    account = audit.verify(refreshing.house.db)
    assert account.broken_at is None
    # One event for each that was read or deleted, two for each move, none for the rest.
    assert account.events - events_before == 102 + 30 + 2 * 50
    assert refreshing.house.states() == {"indexed": 102, "unchanged": 870, "deleted": 80}


def test_a_refresh_without_differences_reads_nothing_and_tells_nothing(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    before, events = refreshing.chunk_rows(), audit.verify(refreshing.house.db).events
    refreshing.refresh()
    assert refreshing.engine.jobs == []
    assert refreshing.chunk_rows() == before
    assert audit.verify(refreshing.house.db).events == events
    assert refreshing.ends() == {"a.txt": ("unchanged", ""), "b.txt": ("unchanged", "")}


def test_what_is_in_quarantine_leaves_with_its_file(refreshing: Refreshing) -> None:
    refreshing.upload("empty.txt", content=lambda _name: " ")
    refreshing.refresh()
    assert refreshing.house.states() == {"quarantined": 1}
    refreshing.remove("empty.txt")
    refreshing.refresh(allow_mass_delete=True)
    assert refreshing.ends() == {"empty.txt": ("deleted", "gone from its store")}
    assert refreshing.house.states() == {"deleted": 1}


def test_a_file_that_comes_back_answers_again(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.remove("a.txt")
    refreshing.refresh(allow_mass_delete=True)
    assert refreshing.answers() == {}
    refreshing.upload("a.txt")
    refreshing.refresh()
    assert refreshing.answers() == {"a.txt": "words of a.txt"}
    assert refreshing.engine.jobs == [], "its content was read before"


def test_old_answers_stand_until_the_new_ones_are_in(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    refreshing.upload("a.txt", content=lambda _name: "new words")
    seen = []

    def looks(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        seen.append(refreshing.answers())
        return echo(profile, job, document)

    refreshing.refresh(looks)
    assert seen == [{"a.txt": "words of a.txt"}]
    assert refreshing.answers() == {"a.txt": "new words"}


def test_a_vanished_file_that_an_earlier_run_left_pending_leaves_too(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    with refreshing.batch() as batch:
        batch.plan()
    refreshing.remove("a.txt")
    refreshing.refresh()
    assert refreshing.answers() == {"b.txt": "words of b.txt"}
    assert refreshing.house.states() == {"indexed": 1, "deleted": 1}
