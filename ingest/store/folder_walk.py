"""HOST, trusted: moving through a folder that others may rearrange meanwhile: by directory descriptors, never following
a symbolic link, so that no path checked now can mean another place later.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ingest.errors import StoreError, StoreUnavailable
from ingest.store.base import StoredObject
from ingest.store.folder_names import segment_of

OWN_FOLDER = b".gloveport"
OWN_PREFIX = ".gloveport/"
SCRATCH_PREFIX = ".gloveport/tmp/"

# Each level of a walk holds one descriptor, and an uploader chooses how deep to nest.
DEPTH_MAX = 128

_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_IRREGULAR = {
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}


class _Entry(NamedTuple):
    """A name in a directory; tuples sort as their keys do, because a directory's keys go on with a slash."""

    sort_key: bytes
    name: bytes
    is_directory: bool


def version_of(status: os.stat_result) -> str:
    """Changes whenever the content may have; the change time cannot be set back by whoever owns the file.

    Kernels before 6.13 stamp files with a clock of up to ten milliseconds: there, content changed in place, in size
    unchanged, and within one tick of when it was looked at keeps its version.
    """
    return f"{status.st_ino:x}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


@contextmanager
def directory(root: Path, names: Sequence[bytes], *, create: bool = False, links_hide: bool = False) -> Iterator[int]:
    """A descriptor of the directory `names` below `root`, made on the way if asked.

    Raises `OSError` as the system does, `StoreError` when a symbolic link stands in the way; with `links_hide` there is
    nothing behind one (`NotADirectoryError`), as in a listing: whoever fills a folder must not make it unreadable.
    """
    descriptor = _open_root(root)
    try:
        for name in names:
            following = _step(descriptor, name, create, links_hide)
            os.close(descriptor)
            descriptor = following
        yield descriptor
    finally:
        os.close(descriptor)


def _open_root(root: Path) -> int:
    try:
        return os.open(root, _OPEN_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        # Never "object missing": a share that went away must not look like a thousand deleted documents.
        raise StoreUnavailable(f"the folder {root} is gone", hint="mount it again") from None


def _step(parent: int, name: bytes, create: bool, links_hide: bool) -> int:
    if create:
        try:
            # The quarantine lives in there: hostile bytes, and other people's documents.
            os.mkdir(name, 0o700 if name == OWN_FOLDER else 0o777, dir_fd=parent)
            os.fsync(parent)
        except FileExistsError:
            pass
    try:
        return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
    except NotADirectoryError:
        if not links_hide and stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise StoreError(f"a symbolic link stands in the way: {segment_of(name)!r}") from None
        raise


def walk(root: Path, prefix: str) -> Iterator[StoredObject]:
    """Every entry below `root` whose key starts with `prefix`, in byte order of the keys.

    Holds one directory's names in memory for each level. Raises `OSError` or `StoreUnavailable` when the root itself
    cannot be read. A directory that cannot be read is one irregular entry, its key ending in a slash; what vanishes
    while the walk goes on is left out.
    """
    levels = [_Level(_open_root(root), "", prefix)]
    try:
        while levels:
            level = levels[-1]
            entry = next(level.entries, None)
            if entry is None:
                levels.pop().close()
            elif not entry.is_directory:
                yield from _describe(level, entry, prefix)
            elif len(levels) < DEPTH_MAX and (below := _enter(level, entry, prefix)):
                levels.append(below)
            else:
                yield from _unreadable(level, entry, prefix)
    finally:
        for level in levels:
            level.close()


class _Level:
    """One directory of a walk: its descriptor, the key it stands for, and what is left to visit."""

    def __init__(self, descriptor: int, key: str, prefix: str) -> None:
        self.descriptor = descriptor
        self.key = key
        try:
            self.entries = iter(sorted(_read(descriptor, key, prefix)))
        except BaseException:
            os.close(descriptor)
            raise

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)


def _read(descriptor: int, key: str, prefix: str) -> Iterator[_Entry]:
    with os.scandir(descriptor) as found:
        for item in found:
            name = os.fsencode(item.name)
            segment = segment_of(name)
            is_directory = item.is_dir(follow_symlinks=False)
            full = key + segment + ("/" if is_directory else "")
            if _wanted(full, is_directory, prefix):
                yield _Entry(segment.encode("utf-8") + (b"/" if is_directory else b""), name, is_directory)


def _wanted(key: str, is_directory: bool, prefix: str) -> bool:
    if key.startswith(SCRATCH_PREFIX) or (key.startswith(OWN_PREFIX) and not prefix.startswith(OWN_PREFIX)):
        return False
    return key.startswith(prefix) or (is_directory and prefix.startswith(key))


def _enter(level: _Level, entry: _Entry, prefix: str) -> _Level | None:
    try:
        descriptor = os.open(entry.name, _OPEN_DIRECTORY, dir_fd=level.descriptor)
        return _Level(descriptor, level.key + entry.sort_key.decode("utf-8"), prefix)
    except OSError:
        return None


def look(root: Path, names: Sequence[bytes], key: str) -> StoredObject | None:
    """What stands at `names` below `root`, without reading any directory: as `walk` would list it, or None.

    Raises `OSError` for a way that cannot be gone, `StoreUnavailable` when the root itself is gone.
    """
    *parents, name = names
    try:
        with directory(root, parents) as parent:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            return None if stat.S_ISDIR(status.st_mode) else _stored(key, status, parent, name)
    except StoreUnavailable:
        raise
    except (FileNotFoundError, NotADirectoryError, StoreError):
        return None  # not there, or behind a symbolic link, which a walk does not follow


def folders(root: Path, start: tuple[bytes, ...] = ()) -> Iterator[tuple[bytes, ...]]:
    """The names on the way to each directory that a walk enters, from `start` below `root` on; no link is followed.

    What cannot be entered is left out, and so is what gloveport keeps for itself. Raises `StoreUnavailable`.
    """
    os.close(_open_root(root))
    waiting = [start]
    while waiting:
        names = waiting.pop()
        if len(names) >= DEPTH_MAX or names[:1] == (OWN_FOLDER,):
            continue
        try:
            with directory(root, names) as descriptor, os.scandir(descriptor) as found:
                below = [os.fsencode(item.name) for item in found if item.is_dir(follow_symlinks=False)]
        except (OSError, StoreError):
            continue
        yield names
        waiting += [(*names, name) for name in below]


def _describe(level: _Level, entry: _Entry, prefix: str) -> Iterator[StoredObject]:
    key = level.key + entry.sort_key.decode("utf-8")
    try:
        status = os.stat(entry.name, dir_fd=level.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError:
        yield from _unreadable(level, entry, prefix)
        return
    yield _stored(key, status, level.descriptor, entry.name)


def _stored(key: str, status: os.stat_result, parent: int, name: bytes) -> StoredObject:
    irregular = _IRREGULAR.get(stat.S_IFMT(status.st_mode), "")
    if not irregular and not _may_read(parent, name):
        irregular = "unreadable"
    size = 0 if irregular else status.st_size
    return StoredObject(key, version_of(status), size, status.st_mtime_ns / 1e9, irregular)


def _may_read(parent: int, name: bytes) -> bool:
    return os.access(name, os.R_OK, dir_fd=parent, effective_ids=True, follow_symlinks=False)


def _unreadable(level: _Level, entry: _Entry, prefix: str) -> Iterator[StoredObject]:
    key = level.key + entry.sort_key.decode("utf-8")
    if not key.startswith(prefix):
        return
    try:
        status = os.stat(entry.name, dir_fd=level.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError:
        yield StoredObject(key, "unreadable", 0, 0.0, "unreadable")
        return
    yield StoredObject(key, version_of(status), 0, status.st_mtime_ns / 1e9, "unreadable")
