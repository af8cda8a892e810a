"""TEST: budgets of embedded files, and the names they are shown by, as pure functions."""

import pytest

from contract.verdicts import Reason
from ingest.catalog.lineage import Container
from ingest.children import RATIO_FREE_BYTES, judged, named
from ingest.outcome import EmbeddedFile
from ingest.policy import Budget

MIB = 1 << 20


def container(key: str = "mail.eml", depth: int = 0, size: int = 1000, name: str = "") -> Container:
    return Container(1, 1, key, name, depth, 1, size, 0.0)


def files(*sizes: int) -> list[EmbeddedFile]:
    return [EmbeddedFile(f"{number:064x}", f"{number}.txt", size, "0" * 64) for number, size in enumerate(sizes)]


def verdicts(embedded: list[EmbeddedFile], within: Container, budget: Budget, *spent: int) -> list[Reason | None]:
    taken, _ = judged(embedded, within, *(spent or (0, 0)), budget)
    return [file.withheld for file in taken]


def test_what_is_within_every_budget_is_taken_as_it_is() -> None:
    embedded = files(1, 2, 3)
    assert judged(embedded, container(), 0, 0, Budget()) == (embedded, 0)


def test_depth_is_counted_from_the_file_of_the_source() -> None:
    budget = Budget(depth_max=2)
    assert verdicts(files(1), container(depth=1), budget) == [None]
    assert verdicts(files(1), container(depth=2), budget) == [Reason.BOMB]
    assert verdicts(files(1), container(), Budget(depth_max=0)) == [Reason.BOMB]


def test_number_is_of_the_whole_tree_and_the_rest_is_left_out() -> None:
    taken, left_out = judged(files(1, 1, 1, 1), container(), 7, 0, Budget(files_max=10))
    assert (len(taken), left_out) == (3, 1)
    taken, left_out = judged(files(1, 1), container(), 12, 0, Budget(files_max=10))
    assert (len(taken), left_out) == (0, 2)


def test_a_large_file_makes_room_for_smaller_ones() -> None:
    assert verdicts(files(60, 60, 30), container(), Budget(bytes_max=100), 0, 5) == [None, Reason.TOO_LARGE, None]


def test_ratio_goes_by_the_size_of_the_file_of_the_source_and_spares_what_is_small() -> None:
    budget = Budget(ratio_max=2)
    assert verdicts(files(RATIO_FREE_BYTES), container(size=1), budget) == [None]
    assert verdicts(files(RATIO_FREE_BYTES + 1), container(size=1), budget) == [Reason.BOMB]
    assert verdicts(files(RATIO_FREE_BYTES + 1), container(size=16 * MIB), budget) == [None]
    assert verdicts(files(20 * MIB), container(size=0), budget) == [Reason.BOMB]


def test_what_its_container_withheld_keeps_its_reason_and_costs_no_bytes() -> None:
    locked = EmbeddedFile("0" * 64, "locked", 10 * MIB, withheld=Reason.ENCRYPTED, detail="needs a password")
    taken, _ = judged([locked, *files(90)], container(depth=9), 0, 0, Budget(depth_max=20, bytes_max=100))
    assert [file.withheld for file in taken] == [Reason.ENCRYPTED, None]
    assert taken[0] == locked


def named_as(within: Container, *names: str) -> list[str]:
    embedded = [EmbeddedFile(f"{number:064x}", name, 1, "0" * 64) for number, name in enumerate(names)]
    wanted = named(embedded, within)
    assert [each.key for each in wanted] == [f"{within.key}!/{each.name}" for each in wanted]
    return [each.name for each in wanted]


def test_equal_names_are_numbered_before_their_extension() -> None:
    assert named_as(container(), "a.txt", "a.txt", "b", "b", "a.txt") == [
        "a.txt", "a (2).txt", "b", "b (2)", "a (3).txt",
    ]  # fmt: skip


def test_nameless_files_are_numbered_by_place() -> None:
    assert named_as(container(), "", "a.txt", "") == ["file 1", "a.txt", "file 3"]


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("logs/app.log.gz", "app.log"), ("data.csv.XZ", "data.csv"), ("backup.tgz", "backup.tar"),
        ("backup.tbz2", "backup.tar"), ("blob.bin", "content"), (".gz", "content"), ("gz", "content"),
    ],
)  # fmt: skip
def test_a_single_nameless_file_is_called_after_its_container(key: str, content: str) -> None:
    assert named_as(container(key), "") == [content]
    assert named_as(container("mail.eml!/" + key, name=key.rpartition("/")[2]), "") == [content]
