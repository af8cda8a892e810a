"""TEST: the engine's stream taken apart, however it is cut, and the socket that is never waited for on one side."""

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import SandboxUnavailable
from ingest.sandbox.channel import Channel, Demultiplexer, Stream, printable


def piece(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


@given(
    st.lists(st.tuples(st.sampled_from([Stream.STDOUT, Stream.STDERR]), st.binary(max_size=40)), max_size=8),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_streams_come_out_whole_however_they_are_cut(pieces: list[tuple[Stream, bytes]], cuts: list[int]) -> None:
    wire = b"".join(piece(stream, data) for stream, data in pieces)
    demultiplexer, found, position, turn = Demultiplexer(), dict.fromkeys(Stream, b""), 0, 0
    while position < len(wire):
        size = cuts[turn % len(cuts)]
        for stream, view in demultiplexer.feed(wire[position : position + size]):
            found[stream] += view
        position, turn = position + size, turn + 1
    for stream in Stream:
        assert found[stream] == b"".join(data for name, data in pieces if name is stream)


@pytest.mark.parametrize("header", [b"\x00\0\0\0\0\0\0\x01", b"\x03\0\0\0\0\0\0\x01", b"\x01\0\x01\0\0\0\0\x01"])
def test_a_stream_that_is_not_the_engines_is_its_fault(header: bytes) -> None:
    with pytest.raises(SandboxUnavailable):
        list(Demultiplexer().feed(header))


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, stderr_bytes=10)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_nothing_to_receive_is_no_wait(pair: tuple[Channel, socket.socket]) -> None:
    channel, _ = pair
    assert channel.receive() == []
    assert not channel.ended


def test_stdout_comes_out_and_stderr_leaves_a_tail(pair: tuple[Channel, socket.socket]) -> None:
    channel, peer = pair
    peer.sendall(piece(2, b"first words, ") + piece(1, b"out") + piece(2, b"last words"))
    assert b"".join(channel.receive()) == b"out"
    assert channel.stderr_tail() == "last words"
    assert channel.bytes_out == len("first words, outlast words")


def test_a_full_socket_is_no_wait(pair: tuple[Channel, socket.socket]) -> None:
    channel, _ = pair
    data = memoryview(bytes(1 << 20))
    while channel.send(data):
        pass
    assert 0 < channel.bytes_in < 1 << 24


def test_the_end_is_seen(pair: tuple[Channel, socket.socket]) -> None:
    channel, peer = pair
    assert channel.is_quiet()
    peer.close()
    assert not channel.is_quiet()
    assert channel.receive() == []
    assert channel.ended
    assert channel.send(memoryview(b"x")) == 0


def test_half_closing_leaves_the_other_way_open(pair: tuple[Channel, socket.socket]) -> None:
    channel, peer = pair
    channel.end_input()
    assert peer.recv(1) == b""
    peer.sendall(piece(1, b"still here"))
    assert b"".join(channel.receive()) == b"still here"


def test_closing_twice_is_closing(pair: tuple[Channel, socket.socket]) -> None:
    channel, _ = pair
    channel.close()
    channel.close()
    assert channel.fileno() == -1
    assert not channel.is_quiet()


@given(st.binary())
def test_printable_text_is_printable(data: bytes) -> None:
    text = printable(data)
    assert all(character in "\n\t" or character.isprintable() or character.isspace() for character in text)
    text.encode("utf-8")  # no lone surrogate


@pytest.mark.parametrize("hidden", ["\0", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000"])
def test_what_hides_or_drives_is_replaced(hidden: str) -> None:
    assert printable(f"a{hidden}b".encode()) == "a\N{REPLACEMENT CHARACTER}b"


def test_what_people_write_stays() -> None:
    text = "Zażółć 日本語 — “quoted”\n\tit’s 5 µm"
    assert printable(text.encode()) == text
