"""HOST, trusted: the attached socket of one sandbox: bytes in, the two output streams taken apart, nothing understood.

The engine puts eight bytes before each piece of output: stream number, three zeros, length (big endian); see "Attach to
a container" in the Docker Engine API. Pieces arrive cut anywhere.
"""

import contextlib
import select
import socket
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from ingest.errors import SandboxUnavailable

RECEIVE_BYTES: Final = 256 << 10
_HEADER: Final = struct.Struct(">B3sL")


class Stream(IntEnum):
    """The engine's numbers of the output streams."""

    STDOUT = 1
    STDERR = 2


class Demultiplexer:
    """Takes the engine's stream apart incrementally, without holding payload."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._stream = Stream.STDOUT
        self._remaining = 0

    def feed(self, data: bytes) -> Iterator[tuple[Stream, memoryview]]:
        """Pieces of the streams in `data`. Raises `SandboxUnavailable` on a bad header: the engine writes those."""
        view = memoryview(data)
        while view:
            if self._remaining:
                piece, view = view[: self._remaining], view[self._remaining :]
                self._remaining -= len(piece)
                yield self._stream, piece
                continue
            needed = _HEADER.size - len(self._header)
            self._header += view[:needed]
            view = view[needed:]
            if len(self._header) == _HEADER.size:
                self._open_piece()

    def _open_piece(self) -> None:
        number, padding, self._remaining = _HEADER.unpack(bytes(self._header))
        self._header.clear()
        if padding != b"\0\0\0" or number not in (Stream.STDOUT, Stream.STDERR):
            raise SandboxUnavailable("the engine's stream is not framed as documented")
        self._stream = Stream(number)


class Channel:
    """One sandbox's attached socket, non-blocking. Keeps a tail of stderr and counts bytes both ways."""

    def __init__(self, connection: socket.socket, stderr_bytes: int) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._demultiplexer = Demultiplexer()
        self._stderr_bytes = stderr_bytes
        self._untrusted_stderr = bytearray()
        self.bytes_in = 0
        self.bytes_out = 0
        self.ended = False

    def fileno(self) -> int:
        """For `poll`. -1 when closed."""
        return self._socket.fileno()

    def receive(self) -> list[memoryview]:
        """What stdout says now, possibly nothing. Sets `ended` at end of file, also when the engine vanished."""
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError:  # reset: the engine is gone; asking it how the sandbox ended will tell
            data = b""
        if not data:
            self.ended = True
            return []
        untrusted_pieces = []
        for stream, untrusted_piece in self._demultiplexer.feed(data):
            self.bytes_out += len(untrusted_piece)
            if stream is Stream.STDOUT:
                untrusted_pieces.append(untrusted_piece)
            else:
                self._untrusted_stderr += untrusted_piece
                del self._untrusted_stderr[: -self._stderr_bytes or None]
        return untrusted_pieces

    def send(self, data: memoryview) -> int:
        """Send what fits without waiting; 0 when nothing does or when nobody reads any more."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:  # the reading side will see the end
            return 0
        self.bytes_in += sent
        return sent

    def end_input(self) -> None:
        """Half-close: the sandbox sees the end of stdin."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.ended = True

    def is_quiet(self) -> bool:
        """Whether the other side is still there and has said nothing more."""
        if self.ended or self._socket.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def stderr_tail(self) -> str:
        """The last words of stderr, as printable text. Still the sandbox's own words."""
        return printable(bytes(self._untrusted_stderr))

    def close(self) -> None:
        """Both ways. Comes before a kill: an engine blocked on an unread socket can neither kill nor wait."""
        if self._socket.fileno() < 0:
            return
        with contextlib.suppress(OSError):  # the other side may have closed it
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def printable(untrusted_bytes: bytes) -> str:
    """Text for an operator's eyes and for PostgreSQL: UTF-8 or replacement, line breaks and tabs kept.

    Control characters could drive a terminal, bidi controls reorder a line, NUL cannot be stored: all are replaced.
    """
    untrusted_text = untrusted_bytes.decode("utf-8", "replace")
    if untrusted_text.isprintable():
        return untrusted_text
    return "".join(
        character if character in "\n\t" or character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in untrusted_text
    )
