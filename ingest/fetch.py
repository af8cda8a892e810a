"""HOST, trusted: brings one object's bytes from its store to a nameless spool file: streamed, hashed, capped.

The spool file has no name in any directory: a killed process leaves nothing behind, and nobody can open it by path.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from ingest.errors import ObjectRefused, StoreError, StoreUnavailable
from ingest.identify import LEADING_BYTES
from ingest.store.base import ObjectStore

BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object's content, at rest on this host for as long as one file's life. `content` stands at its start.

    `over_limit` means that reading stopped at the cap: `size` and `sha256` are then of the part that was read.
    """

    content: BinaryIO
    sha256: str
    size: int
    leading_bytes: bytes
    over_limit: bool


@contextmanager
def fetched(store: ObjectStore, key: str, version: str, *, bytes_max: int, spool: Path) -> Iterator[Fetched]:
    """Stream an object to a spool file in the folder `spool`, hashing it, and stop one byte past `bytes_max`.

    Raises what `ObjectStore.open` raises, its refusals as `ObjectRefused`: they are about this object, until more is
    known; and `StoreUnavailable` when the spool folder is full.
    """
    digest, size, leading = hashlib.sha256(), 0, b""
    # TemporaryFile uses O_TMPFILE on Linux: there is never a name to clean up.
    with _spool_file(spool) as spooled:
        with _refusals_named(), store.open(key, version) as source:
            while block := source.read(min(BLOCK_BYTES, bytes_max + 1 - size)):
                try:
                    _write_all(spooled, block)
                except OSError as error:
                    raise StoreUnavailable(f"cannot spool to {spool}: {error.strerror}") from error
                digest.update(block)
                size += len(block)
                if len(leading) < LEADING_BYTES:
                    leading += block[: LEADING_BYTES - len(leading)]
        spooled.seek(0)
        yield Fetched(cast(BinaryIO, spooled), digest.hexdigest(), size, leading, over_limit=size > bytes_max)


@contextmanager
def _refusals_named() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise ObjectRefused(error.detail, hint=error.hint) from error


def _spool_file(spool: Path) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(dir=spool, buffering=0)
    except OSError as error:
        raise StoreUnavailable(f"cannot spool to {spool}: {error.strerror}") from error


def _write_all(target: IO[bytes], block: bytes) -> None:
    """An unbuffered file may take less than it is given, silently, when the disk is nearly full."""
    view = memoryview(block)
    while view:
        view = view[target.write(view) :]
