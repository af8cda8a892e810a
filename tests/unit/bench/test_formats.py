"""TEST: the arithmetic of bench/formats.py: what counts as read, which files are compared, and the order of tools."""

import json
from pathlib import Path

from bench.formats import cost, figures_of, files_of, table, turns
from bench.readers import File, Profiles, Reading

TOOLS = ("ours", "kreuzberg", "markitdown", "unstructured")


def file(name: str) -> File:
    return File(name, Path(name), name, name.rpartition(".")[2])


def read(*seconds: float) -> list[Reading]:
    return [Reading(value, "text") for value in seconds]


def test_every_tool_has_every_turn() -> None:
    orders = [turns(TOOLS, number) for number in range(4)]
    assert [sorted(order) for order in orders] == [sorted(TOOLS)] * 4
    assert all(len(set(place)) == 4 for place in zip(*orders, strict=True))


def test_a_file_costs_the_median_of_its_rounds() -> None:
    assert cost(read(3.0, 1.0, 2.0)) == 2.0


def test_a_file_without_text_in_one_round_was_not_read() -> None:
    assert cost([*read(1.0), Reading(1.0, " \n")]) is None
    assert cost([*read(1.0), Reading(1.0, "text", error="timeout")]) is None
    assert cost([]) is None


def test_only_files_that_every_tool_read_are_compared() -> None:
    files = [file("a.pdf"), file("b.pdf")]
    quick_failure = [Reading(0.001, error="ValueError: no")]
    readings = {
        "ours": {"a.pdf": read(0.03), "b.pdf": read(5.0)},
        "kreuzberg": {"a.pdf": read(0.01), "b.pdf": quick_failure},
        "markitdown": {"a.pdf": read(0.05), "b.pdf": read(9.0)},
        "unstructured": {"a.pdf": quick_failure, "b.pdf": quick_failure},
    }
    found = figures_of(readings, files)
    assert found["read"] == {"ours": 2, "kreuzberg": 1, "markitdown": 2, "unstructured": 0}
    assert found["common_files"] == 1
    assert found["cpu_ms"] == {"ours": 30.0, "kreuzberg": 10.0, "markitdown": 50.0}
    assert found["median_peer_cpu_ms"] == 30.0
    assert found["ratio"] == 1.0
    assert found["failures"] == {"kreuzberg": {"ValueError": 1}, "unstructured": {"ValueError": 2}}


def test_a_format_that_nobody_else_reads_has_no_ratio() -> None:
    readings = {"ours": {"a.x": read(0.03)}, "kreuzberg": {"a.x": [Reading(0.1)]}}
    found = figures_of(readings, [file("a.x")])
    assert found["ratio"] is None
    assert found["failures"] == {"kreuzberg": {"no text": 1}}
    assert "| x | 1 | 1 | 30.0 | – | – | – | – | 1, 0 |" in table({"x": found}, ["ours", "kreuzberg"])


def test_files_come_from_a_manifest_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "one.PDF").write_bytes(b"%PDF-1.4")
    (tmp_path / "two.txt").write_bytes(b"two")
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps({"id": "1", "path": "one.PDF", "upload_name": "Report.pdf"}) + "\n")
    assert files_of(manifest, ["pdf"]) == [File("1", tmp_path / "one.PDF", "Report.pdf", "pdf")]
    assert [found.file_id for found in files_of(tmp_path, ["pdf", "txt"])] == ["one.PDF", "two.txt"]
    assert files_of(tmp_path, ["docx"]) == []


def test_our_start_is_told_apart() -> None:
    started = Reading(0.03, "text", start_cpu_seconds=0.27)
    found = figures_of({"ours": {"a.x": [started]}, "kreuzberg": {"a.x": read(0.1)}}, [file("a.x")])
    assert found["ratio"] == 0.3
    assert found["ratio_with_start"] == 3.0


def test_files_that_cost_us_more_than_their_median_peer_are_counted() -> None:
    files = [file(name) for name in ("a.x", "b.x", "c.x")]
    readings = {
        "ours": {"a.x": read(0.2), "b.x": read(0.2), "c.x": read(0.2)},
        "kreuzberg": {"a.x": read(0.1), "b.x": read(0.1), "c.x": read(0.3)},
        "markitdown": {"a.x": read(0.1), "b.x": read(0.4), "c.x": read(0.3)},
    }
    assert figures_of(readings, files)["dearer_files"] == 1


def test_our_process_loads_what_the_profile_loads() -> None:
    profiles = Profiles()
    assert profiles.preload_of("application/pdf") == ["--preload", "pdf"]
    assert profiles.name_of("application/x-never-heard-of") == "text"
