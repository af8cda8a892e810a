"""TEST: how bench/peer.py answers, with a reader in place of somebody else's program."""

import time

from bench.peer import READERS, answered
from bench.readers import PEERS


def test_an_answer_says_what_it_cost() -> None:
    def busy(question: dict[str, object]) -> dict[str, object]:
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        return {"text": question["path"]}

    answer = answered(busy, {"path": "a.pdf"})
    assert answer["text"] == "a.pdf"
    assert answer["cpu_seconds"] > 0.01


def test_an_exception_is_an_answer() -> None:
    def broken(_question: dict[str, object]) -> dict[str, object]:
        raise SystemExit("x" * 1000)

    answer = answered(broken, {"path": "a.pdf"})
    assert answer["error"].startswith("SystemExit: xxx")
    assert len(answer["error"]) == 300


def test_every_peer_has_a_reader() -> None:
    assert sorted(READERS) == sorted(PEERS)
