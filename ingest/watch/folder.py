"""HOST, trusted: hears of changes in a folder from the kernel, by way of watchfiles.

An uploader chooses names and may make symbolic links, which decides three things here. Each directory is watched by
itself, as found by a walk that follows no link: watching recursively would follow links to anywhere at its start.
A name that is not UTF-8 ends a watcher for good: it is replaced, and a listing finds what it missed. And a directory
that appears is listed, because files may have been put there before anybody watched it.
"""

import fcntl
import logging
import os
import signal
import stat
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import watchfiles

from ingest.errors import StoreError, StoreUnavailable
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from ingest.store.folder_names import names_of, segment_of
from ingest.store.folder_walk import OWN_FOLDER, directory, folders
from ingest.watch.feed import Fate, FeedError, Hint
from ingest.watch.places import Places
from ingest.watch.settling import Settling

log = logging.getLogger(__name__)

STEP_MILLISECONDS: Final = 40  # changes closer together than this are told together
TOGETHER_MILLISECONDS: Final = 400  # and no longer than this
TICK_MILLISECONDS: Final = 120  # between two looks at files that may still be written
_OWN_PREFIX: Final = OWN_FOLDER.decode() + "/"

Changes = Generator[set[tuple[watchfiles.Change, str]], None, None]


class FolderFeed:
    """The changes below one folder. A file still being written is left until it is closed or quiet.

    Raises `FeedError` when the kernel lets us watch no more directories.
    """

    def __init__(self, store: FolderStore, *, quiet_seconds: float) -> None:
        self._store = store
        self._root = store.root
        self._quiet_seconds = quiet_seconds
        self._settling = Settling(quiet_seconds, self.look, self._is_closed)
        self._listing_wanted = False
        self._gone: set[str] = set()
        self._watched: frozenset[Path] = frozenset()
        self._places = Places(self._root, ())
        self._changes: Changes | None = None
        self._watch_from_scratch()

    @property
    def idle(self) -> bool:
        """Whether no file waits to become quiet."""
        return not len(self._settling)

    def receive(self) -> list[Hint]:
        """As `Feed.receive`."""
        self._hear()
        # One hint for each key: what becomes of one file must not be the fate of others.
        hints = [Hint(keys=(key,)) for key in self._settling.settled()]
        listing = self._listing_wanted or self._settling.overflowed
        if self._gone or listing:
            hints.append(Hint(folders=tuple(sorted(self._gone)), listing=listing))
        self._listing_wanted = self._settling.overflowed = False
        self._gone.clear()
        return hints

    def settle(self, hints: Sequence[Hint], fate: Fate) -> None:
        """As `Feed.settle`."""
        settle = {Fate.LATER: self._settling.put_off, Fate.BACK: self._settling.note}
        for hint in hints:
            for key in hint.keys:
                settle.get(fate, self._settling.dealt_with)(key)
            if fate in settle:
                self._listing_wanted = self._listing_wanted or hint.listing or bool(hint.folders)

    def look(self, key: str) -> StoredObject | None:
        """As `Feed.look`. While the folder itself can be read, one path that does not answer has the fault alone."""
        try:
            return self._store.look(key)
        except StoreUnavailable as error:
            try:
                os.scandir(self._root).close()
            except OSError:
                raise error from None
            raise StoreError(error.detail, hint=error.hint) from error

    def ready(self, stored: StoredObject) -> bool:
        """As `Feed.ready`: not what was written a moment ago, by the file's own time."""
        if stored.irregular or abs(time.time() - stored.modified) > self._quiet_seconds:
            return True
        self._settling.note(stored.key)
        return False

    def close(self) -> None:
        """As `Feed.close`."""
        _stop(self._changes)

    def _hear(self) -> None:
        """Note what the kernel tells next, and in `_gone`, with a slash, what went away: perhaps a directory."""
        if self._changes is not None and self._places.moved():
            log.warning("another folder stands where %s or one below it was: watching anew, with a listing", self._root)
            _stop(self._changes)
            self._changes = None
        if self._changes is None:
            self._watch_from_scratch()
            self._listing_wanted = True
        try:
            changes = next(self._changes or iter(()))
        except (StopIteration, RuntimeError, OSError) as error:
            log.info("watching anew, with a listing: %s", error)
            self._changes = None
            return
        for change, path in changes:
            if change is watchfiles.Change.deleted and (key := self._note(path)):
                self._gone.add(f"{key}/")  # kept until it is handed out, whatever fails before
        arrived = [Path(path) for change, path in changes if change is watchfiles.Change.added and self._note(path)]
        for change, path in changes:
            if change is watchfiles.Change.modified:
                self._note(path)
        if any(self._root / path in self._watched for change, path in changes if change is watchfiles.Change.deleted):
            self._watch_from_scratch()
        elif added := frozenset[Path]().union(*map(self._folders_from, arrived)):
            self._watch(self._watched | added, added)

    def _note(self, path: str | Path) -> str:
        """Something happened at this path: the key it stands for, or nothing for what is no object's place."""
        try:
            parts = Path(path).relative_to(self._root).parts
        except ValueError:
            return ""
        key = "/".join(segment_of(os.fsencode(part)) for part in parts)
        if not key or (key + "/").startswith(_OWN_PREFIX):
            return ""
        self._settling.note(key)
        return key

    def _folders_from(self, folder: Path) -> frozenset[Path]:
        """The directory and those below it; none if it is no directory."""
        names = tuple(os.fsencode(part) for part in folder.relative_to(self._root).parts)
        return frozenset(self._root.joinpath(*map(os.fsdecode, below)) for below in folders(self._root, names))

    def _watch_from_scratch(self) -> None:
        found = self._folders_from(self._root)
        self._watch(found, found - self._watched if self._watched else frozenset())

    def _watch(self, found: frozenset[Path], added: frozenset[Path]) -> None:
        """Change over to a watcher of these directories; what stands in those that were added is noted."""
        changes, before = _watcher(found), self._changes
        places = Places(self._root, found)  # before the kernel watches them: a change in between shows
        try:
            # Its first answer, even an empty one, means that it watches; the one before was awake until then.
            told = next(changes)
        except (StopIteration, RuntimeError, OSError):
            # A directory went away in between, or a name that is no text came: begin again at the next turn.
            self._changes = None
        else:
            with suppress(StopIteration, RuntimeError, OSError):
                told = told | (next(before) if before is not None else set())
            # The kernel may tell that one went away when another stands in its place already.
            self._listing_wanted |= places.differ_from(self._places)
            self._changes, self._watched, self._places = changes, found, places
            for change, path in told:
                # Seen while changing over. Whether it is a directory, coming or going, is left to a listing.
                self._listing_wanted |= bool(self._note(path)) and change is not watchfiles.Change.modified
            for folder in added:
                self._note_all_in(folder)
        _stop(before)

    def _note_all_in(self, folder: Path) -> None:
        for below in self._folders_from(folder) - self._watched:
            log.debug("%s was made while its parent began to be watched", below)
            self._changes = None  # watch again, from a walk that finds it
        for stored in self._store.list(self._note(folder) + "/"):
            self._settling.note(stored.key)

    def _is_closed(self, key: str) -> bool:
        """Whether nobody has the file open for writing. False where the file system cannot tell."""
        *parents, name = names_of(key)
        try:
            with directory(self._root, parents) as parent:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        except (OSError, StoreError):
            return False
        try:
            return stat.S_ISREG(os.fstat(descriptor).st_mode) and _grants_lease(descriptor)
        finally:
            os.close(descriptor)


def _watcher(found: frozenset[Path]) -> Changes:
    """What happens in these directories, as long as someone asks; ends by itself when one of them is not there."""
    try:
        yield from watchfiles.watch(
            *(path for path in sorted(found) if _is_told(path)),
            watch_filter=None,
            debounce=TOGETHER_MILLISECONDS,
            step=STEP_MILLISECONDS,
            rust_timeout=TICK_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            recursive=False,
            ignore_permission_denied=True,
        )
    except FileNotFoundError:
        return
    except (OSError, RuntimeError) as error:
        if "limit" not in str(error):
            raise
        hint = "raise fs.inotify.max_user_watches, or watch a smaller folder"
        raise FeedError(f"{len(found)} directories are more than the kernel watches for us", hint=hint) from error


def _stop(changes: Changes | None) -> None:
    if changes is not None:
        changes.close()


def _is_told(path: Path) -> bool:
    """Whether watchfiles can be told of this path at all: it takes text."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _grants_lease(descriptor: int) -> bool:
    """The kernel grants a read lease only on a file that no process has open for writing (fcntl(2), "Leases").

    It is given back at once. Who opens the file in between would raise SIGIO in this process, whose default is to end
    it; SIGURG, whose default is to be ignored, is asked for instead.
    """
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return False
    return True
