"""TEST: a signal is obeyed also when there is nobody left to tell."""

import os
import signal
import threading

import pytest

from ingest.cli import run


def test_a_signal_is_obeyed_when_standard_error_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is a pipe whose reader went away: telling raises, inside the handler."""

    def broken(_words: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(run, "note", broken)
    stop, cancelled = threading.Event(), threading.Event()
    with run._stopping_on_signals(stop, cancelled.set):
        with pytest.raises(BrokenPipeError):
            os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        with pytest.raises(BrokenPipeError):
            os.kill(os.getpid(), signal.SIGTERM)
        assert cancelled.wait(10)
