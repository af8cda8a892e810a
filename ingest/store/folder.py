"""HOST, trusted: a folder as an object store. Whoever fills the folder may also rearrange it while it is read.

Writes go to a scratch file under `.gloveport/tmp/`, which its writer keeps locked, and are then renamed (or linked,
when only an absent key may be written), so readers see all or nothing and a writer's death leaves only a scratch file.
"""

import errno
import fcntl
import io
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ingest.crashpoints import CrashPoint, reached
from ingest.errors import FolderMissing, ObjectChanged, ObjectMissing, StoreError, StoreUnavailable
from ingest.store.base import ObjectStore, StoredObject
from ingest.store.folder_names import names_of
from ingest.store.folder_walk import OWN_FOLDER, directory, look, version_of, walk

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MEBIBYTE = 1 << 20

# A scratch file is swept when nobody holds its lock and it was untouched for this long: the lock alone would do on one
# host, the age protects writers on other hosts whose locks a network file system does not show us.
SCRATCH_AGE_SECONDS = 3600.0

_SCRATCH = (OWN_FOLDER, b"tmp")
_WAIT_AND_RETRY = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ETIMEDOUT,
    errno.EBUSY,
}
_NO_RANGE_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}


class FolderStore:
    """Objects are the regular files below `root`, which is resolved once. Everything else is listed as irregular."""

    def __init__(self, root: Path) -> None:
        with _translated(str(root)):
            try:
                self._root = root.resolve(strict=True)
            except (FileNotFoundError, NotADirectoryError):
                raise FolderMissing(str(root)) from None
            if not self._root.is_dir():
                raise StoreError(f"{self._root} is not a folder", hint="give the folder the files are in")
        self.uri = self._root.as_uri().rstrip("/") + "/"
        self._swept = False

    @property
    def root(self) -> Path:
        """The folder itself, resolved."""
        return self._root

    def look(self, key: str) -> StoredObject | None:
        """What `list` shows under exactly this key, without reading a directory; None when it shows nothing."""
        if key.endswith("/"):  # a directory that cannot be entered is listed so
            return next((stored for stored in self.list(key) if stored.key == key), None)
        with _translated(key):
            return look(self._root, names_of(key), key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """As `ObjectStore.list`. A directory that cannot be read is one irregular entry whose key ends in a slash."""
        with _translated(self.uri, missing_is_refusal=True):
            yield from walk(self._root, prefix)

    @contextmanager
    def open(self, key: str, version: str = "") -> Iterator[BinaryIO]:
        """As `ObjectStore.open`."""
        with self._reading(key, version) as reader, io.BufferedReader(reader, MEBIBYTE) as buffered:
            yield buffered

    def put(self, key: str, content: bytes | BinaryIO, *, only_if_absent: bool = False) -> bool:
        """As `ObjectStore.put`. A full disk raises `StoreUnavailable` and leaves nothing behind."""
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        return self._place(key, lambda target: _pour(source, target), only_if_absent)

    def copy_from(self, source: ObjectStore, stored: StoredObject, key: str) -> None:
        """As `ObjectStore.copy_from`. Between folders the kernel copies, sharing blocks where the file system can."""
        if isinstance(source, FolderStore):
            with source._reading(stored.key, stored.version) as reader:
                self._place(key, reader.copy_to, only_if_absent=False)
            return
        with source.open(stored.key, stored.version) as content:
            self._place(key, lambda target: _pour(content, target, expected_bytes=stored.size), only_if_absent=False)

    def delete(self, key: str) -> bool:
        """As `ObjectStore.delete`. Directories stay, empty or not."""
        *parents, name = names_of(key)
        try:
            with _translated(key), directory(self._root, parents) as parent:
                os.unlink(name, dir_fd=parent)
                os.fsync(parent)
        except ObjectMissing:
            return False
        return True

    @contextmanager
    def _reading(self, key: str, version: str) -> Iterator["_Reader"]:
        *parents, name = names_of(key)
        with _translated(key), directory(self._root, parents, links_hide=True) as parent:
            reader = _Reader(_open_regular(parent, name, key, version), key, version)
        with reader:
            yield reader

    def _place(self, key: str, write: Callable[[int], None], only_if_absent: bool) -> bool:
        *parents, name = names_of(key)
        with _translated(key, missing_is_refusal=True):
            if only_if_absent and self._is_there(parents, name):
                return False
            with directory(self._root, _SCRATCH, create=True) as scratch:
                self._sweep_once(scratch)
                with _scratch_file(scratch) as (scratch_name, target):
                    write(target)
                    os.fsync(target)
                    reached(CrashPoint.STORE_WRITTEN)
                    with directory(self._root, parents, create=True) as parent:
                        return _publish(scratch, scratch_name, parent, name, only_if_absent)

    def _is_there(self, parents: Sequence[bytes], name: bytes) -> bool:
        with suppress(FileNotFoundError), directory(self._root, parents) as parent:
            os.stat(name, dir_fd=parent, follow_symlinks=False)
            return True
        return False

    def _sweep_once(self, scratch: int) -> None:
        if not self._swept:
            self._swept = True
            _sweep(scratch)


class _Reader(io.RawIOBase):
    """A forward-only reader that compares the file's version after every read, so no changed byte is handed out."""

    def __init__(self, descriptor: int, key: str, version: str) -> None:
        self._descriptor = descriptor
        self._key = key
        self._version = version or version_of(os.fstat(descriptor))

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill some of the buffer; 0 at the end. Raises `ObjectChanged`."""
        with _translated(self._key):
            count = os.readv(self._descriptor, [buffer])
            self._verify()
        return count

    def copy_to(self, target: int) -> None:
        """The whole content, holes kept: a sparse file of a terabyte must not become a real one in the quarantine."""
        size = os.fstat(self._descriptor).st_size
        offset = 0
        while offset < size:
            try:
                start = os.lseek(self._descriptor, offset, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                break  # nothing but a hole is left
            offset = min(os.lseek(self._descriptor, start, os.SEEK_HOLE), size)
            _copy_range(self._descriptor, target, start, offset)
            self._verify()
        os.ftruncate(target, size)
        self._verify()

    def close(self) -> None:
        """Give the descriptor back; again is harmless."""
        if not self.closed:
            super().close()
            os.close(self._descriptor)

    def _verify(self) -> None:
        if version_of(os.fstat(self._descriptor)) != self._version:
            raise ObjectChanged(self._key)


def _open_regular(parent: int, name: bytes, key: str, version: str) -> int:
    # O_NONBLOCK: a FIFO put in the file's place would hold us for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise _no_plain_file(key, version) from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and version in ("", version_of(status)):
        return descriptor
    os.close(descriptor)
    raise ObjectChanged(key) if stat.S_ISREG(status.st_mode) else _no_plain_file(key, version)


def _no_plain_file(key: str, version: str) -> StoreError:
    # With a version the caller once saw a file here, so this is a swap under our hands, not a wrong request.
    return ObjectChanged(key) if version else StoreError(f"{key!r} is no plain file")


def _pour(source: BinaryIO, target: int, expected_bytes: int | None = None) -> None:
    total = 0
    while piece := source.read(MEBIBYTE):
        total += len(piece)
        _write_all(target, piece)
    if expected_bytes is not None and total != expected_bytes:
        raise ObjectChanged(f"{total} bytes came, {expected_bytes} were listed")


def _write_all(target: int, piece: bytes, offset: int | None = None) -> None:
    view = memoryview(piece)
    while view:
        written = os.write(target, view) if offset is None else os.pwrite(target, view, offset)
        view = view[written:]
        offset = None if offset is None else offset + written


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    while start < end:
        try:
            copied = os.copy_file_range(source, target, end - start, start, start)
        except OSError as error:
            if error.errno not in _NO_RANGE_COPY:
                raise
            piece = os.pread(source, min(MEBIBYTE, end - start), start)
            _write_all(target, piece, start)
            copied = len(piece)
        if not copied:
            return  # the file shrank; the caller's version check says so
        start += copied


def _publish(scratch: int, scratch_name: str, parent: int, name: bytes, only_if_absent: bool) -> bool:
    if only_if_absent:
        try:
            os.link(scratch_name, name, src_dir_fd=scratch, dst_dir_fd=parent, follow_symlinks=False)
        except FileExistsError:
            return False
    else:
        os.replace(scratch_name, name, src_dir_fd=scratch, dst_dir_fd=parent)
    os.fsync(parent)
    return True


@contextmanager
def _scratch_file(scratch: int) -> Iterator[tuple[str, int]]:
    """A locked new file; its scratch name is gone afterwards, whatever happens in between."""
    name = secrets.token_hex(16)
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=scratch)
    try:
        with suppress(OSError):  # a file system without locks still has the age rule
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield name, descriptor
    finally:
        with suppress(FileNotFoundError):  # renamed into place
            os.unlink(name, dir_fd=scratch)
        os.close(descriptor)


def _sweep(scratch: int) -> None:
    """Remove what dead writers left: old, and locked by nobody."""
    for name in os.listdir(scratch):
        with suppress(OSError):
            descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=scratch)
            try:
                if time.time() - os.fstat(descriptor).st_mtime > SCRATCH_AGE_SECONDS:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name, dir_fd=scratch)
            finally:
                os.close(descriptor)


@contextmanager
def _translated(what: str, *, missing_is_refusal: bool = False) -> Iterator[None]:
    """Turns the system's errors into the store's."""
    try:
        yield
    except OSError as error:
        detail = f"{what!r}: {error.strerror}"
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        if missing and not missing_is_refusal:
            raise ObjectMissing(what) from error
        if error.errno in _WAIT_AND_RETRY:
            raise StoreUnavailable(detail, hint="free space, or wait for the file system to come back") from error
        raise StoreError(detail, hint="check the owner and the permissions of the folder") from error
