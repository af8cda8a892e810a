"""TEST: how a fault is told in one line."""

from ingest.drain import LINE_CHARACTERS_MAX, _in_a_line


def test_a_long_fault_keeps_what_failed_and_why() -> None:
    told = _in_a_line(f"engine, while creating a sandbox: {'/long/path' * 100}: no space left on device")
    assert told.startswith("engine, while creating a sandbox:")
    assert told.endswith("no space left on device")
    assert len(told) <= LINE_CHARACTERS_MAX + len(" … ")


def test_a_short_fault_is_told_as_it_is() -> None:
    assert _in_a_line("the store is away") == "the store is away"
