"""TEST: a folder as an object store: the common suite, then what only a folder can do to us."""

import errno
import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.errors import ObjectChanged, ObjectMissing, StoreError, StoreUnavailable
from ingest.store.base import ObjectStore
from ingest.store.folder import SCRATCH_AGE_SECONDS, FolderStore
from ingest.store.folder_walk import DEPTH_MAX
from tests.conformance.store_suite import StoreConformance, Trickle, content_of, drain, keys, stat

NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "the folder"
    path.mkdir()
    return path


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root)


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[[], ObjectStore]:
    def make() -> ObjectStore:
        path = tmp_path / f"further-{len(list(tmp_path.iterdir()))}"
        path.mkdir()
        return FolderStore(path)

    return make


@pytest.fixture
def public_root() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def as_nobody() -> Iterator[None]:
    """File permissions mean nothing to root, so the body runs as a user to whom they do."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def write_in_place(path: Path, offset: int, content: bytes) -> None:
    """Until the file's clock shows it: kernels before 6.13 stamp changes with a clock of some milliseconds."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(content)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class TestFolder(StoreConformance):
    """The common suite on a folder."""


class TestListing:
    def test_what_is_no_plain_file_is_accounted_for(self, root: Path, store: FolderStore) -> None:
        (root / "file").write_bytes(b"x")
        (root / "link").symlink_to("file")
        (root / "link-to-folder").symlink_to("/etc")
        (root / "dangling").symlink_to("nowhere")
        os.mkfifo(root / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(root / "socket"))
            found = {stored.key: (stored.irregular, stored.size) for stored in store.list()}
        assert found == {
            "dangling": ("symlink", 0),
            "file": ("", 1),
            "link": ("symlink", 0),
            "link-to-folder": ("symlink", 0),
            "pipe": ("fifo", 0),
            "socket": ("socket", 0),
        }

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
    def test_device(self, root: Path, store: FolderStore) -> None:
        os.mknod(root / "null", 0o020666, os.makedev(1, 3))
        assert [(s.key, s.irregular) for s in store.list()] == [("null", "device")]

    def test_names_that_are_not_text(self, root: Path, store: FolderStore) -> None:
        names = [b"\xff.txt", b"%FF.txt", b"%25FF.txt", b"a\xc3(%\xe9", b"%C3%A9", "é".encode(), b"\xed\xa0\x80"]
        for name in names:
            Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name)
        assert sorted(content_of(store, key) for key in keys(store)) == sorted(names)
        assert "%FF.txt" in keys(store)
        assert keys(store) == sorted(keys(store), key=str.encode)

    def test_unreadable_entries_do_not_stop_the_walk(self, public_root: Path) -> None:
        root = public_root
        for name in ("a/open", "closed/inside", "z"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(b"x")
        (root / "closed").chmod(0)
        (root / "a/secret").write_bytes(b"x")
        (root / "a/secret").chmod(0)
        with as_nobody():
            found = [(stored.key, stored.irregular) for stored in FolderStore(root).list()]
        assert found == [("a/open", ""), ("a/secret", "unreadable"), ("closed/", "unreadable"), ("z", "")]

    def test_nesting_without_end_is_cut_off_and_accounted_for(self, root: Path, store: FolderStore) -> None:
        """An uploader may nest folders without end: the walk stops at a depth, and accounts for what lies below."""
        here = os.open(root, os.O_RDONLY)
        for _ in range(2 * DEPTH_MAX):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)
        assert [(stored.key, stored.irregular) for stored in store.list()] == [("d/" * DEPTH_MAX, "unreadable")]

    def test_giving_up_half_way_leaks_no_descriptor(self, store: FolderStore) -> None:
        for number in range(3):
            store.put(f"a/b/c/d/{number}", b"x")
        before = descriptors()
        listing = store.list()
        next(listing)
        assert descriptors() > before
        listing.close()  # type: ignore[attr-defined]
        assert descriptors() == before

    def test_a_folder_that_went_away_is_not_an_empty_one(self, root: Path, store: FolderStore) -> None:
        store.put("x", b"x")
        root.rename(root.with_name("elsewhere"))
        with pytest.raises(StoreUnavailable):
            keys(store)
        with pytest.raises(StoreUnavailable), store.open("x"):
            pass
        with pytest.raises(StoreUnavailable):
            store.delete("x")


class TestEscape:
    """Whatever the key says and however the folder is rearranged, nothing outside the root is touched."""

    BAD_KEYS = ("", "/etc/passwd", "..", "../x", "a/../../x", "a/..", ".", "./x", "a//b", "a/", "nul\0x", "lone\ud800")

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_keys_that_are_no_path_inside(self, store: FolderStore, key: str) -> None:
        with pytest.raises(StoreError), store.open(key):
            pass
        with pytest.raises(StoreError):
            store.put(key, b"x")
        with pytest.raises(StoreError):
            store.delete(key)

    def test_links_are_never_followed(self, tmp_path: Path, root: Path, store: FolderStore) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        (root / "folder").symlink_to(outside)
        (root / "file").symlink_to(outside / "secret")
        for key in ("folder/secret", "file"):
            with pytest.raises(StoreError), store.open(key):
                pass
        with pytest.raises(StoreError):
            store.put("folder/new", b"x")
        with pytest.raises(StoreError):
            store.delete("folder/secret")
        store.put("file", b"in place of the link")
        assert (outside / "secret").read_bytes() == b"secret"
        assert sorted(outside.iterdir()) == [outside / "secret"]
        assert not (root / "file").is_symlink()

    @pytest.mark.parametrize("swapped", ["file", "folder"])
    def test_link_swapped_in_after_listing(self, tmp_path: Path, root: Path, store: FolderStore, swapped: str) -> None:
        (tmp_path / "secret").write_bytes(b"x")
        store.put("folder/secret", b"x")
        version = stat(store, "folder/secret").version
        victim = root / "folder" / "secret" if swapped == "file" else root / "folder"
        victim.rename(tmp_path / "aside")
        victim.symlink_to(tmp_path / "secret" if swapped == "file" else tmp_path)
        with pytest.raises(StoreError), store.open("folder/secret", version):
            pass

    def test_pipe_swapped_in_does_not_hold_us(self, root: Path, store: FolderStore) -> None:
        store.put("x", b"x")
        version = stat(store, "x").version
        (root / "x").unlink()
        os.mkfifo(root / "x")
        with pytest.raises(ObjectChanged), store.open("x", version):
            pass
        with pytest.raises(StoreError), store.open("x"):
            pass

    def test_our_own_folder_replaced_by_a_link(self, tmp_path: Path, root: Path, store: FolderStore) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (root / ".gloveport").symlink_to(outside)
        with pytest.raises(StoreError):
            store.put("x", b"x")
        assert list(outside.iterdir()) == []

    def test_directory_in_the_place_of_a_file(self, root: Path, store: FolderStore) -> None:
        (root / "folder").mkdir()
        store.put("file", b"x")
        with pytest.raises(StoreError):
            store.put("folder", b"x")
        with pytest.raises(StoreError):
            store.put("file/below", b"x")
        with pytest.raises(ObjectMissing), store.open("file/below"):
            pass
        assert keys(store) == ["file"]


class TestReading:
    def test_written_in_place_between_two_reads(self, root: Path, store: FolderStore) -> None:
        (root / "x").write_bytes(b"o" * (8 << 20))
        seen = bytearray()
        with store.open("x") as reader:
            seen += reader.read(10)
            write_in_place(root / "x", 4 << 20, b"n")
            with pytest.raises(ObjectChanged):
                drain(reader, seen)
        assert b"n" not in seen

    def test_truncated_between_two_reads(self, root: Path, store: FolderStore) -> None:
        (root / "x").write_bytes(b"o" * (8 << 20))
        with store.open("x") as reader:
            reader.read(10)
            os.truncate(root / "x", 100)
            with pytest.raises(ObjectChanged):
                reader.read()

    def test_times_set_back_do_not_hide_a_change(self, root: Path, store: FolderStore) -> None:
        (root / "x").write_bytes(b"one")
        status = (root / "x").stat()
        version = stat(store, "x").version
        write_in_place(root / "x", 0, b"two")
        os.utime(root / "x", ns=(status.st_atime_ns, status.st_mtime_ns))
        with pytest.raises(ObjectChanged), store.open("x", version):
            pass

    def test_nothing_stays_open(self, store: FolderStore) -> None:
        store.put("a/x", b"x")
        before = descriptors()
        for _ in range(3):
            content_of(store, "a/x")
            store.put("a/y", b"y")
            store.copy_from(store, stat(store, "a/x"), "z")
            store.delete("z")
            with pytest.raises(ObjectMissing), store.open("a/none"):
                pass
            with pytest.raises(ObjectChanged), store.open("a/x", "another version"):
                pass
        assert descriptors() == before

    @pytest.mark.parametrize("kernel_copies", [True, False])
    def test_holes_stay_holes_in_a_copy(
        self, root: Path, store: FolderStore, monkeypatch: pytest.MonkeyPatch, kernel_copies: bool
    ) -> None:
        """A sparse file of a terabyte costs its uploader nothing and would fill the disk as a real one."""
        with (root / "sparse").open("wb") as file:
            file.write(b"start")
            file.seek(1 << 39)
            file.write(b"middle")
            file.truncate(1 << 40)
        if not kernel_copies:
            refusal = OSError(errno.EXDEV, "cross-device")
            monkeypatch.setattr(os, "copy_file_range", lambda *_args: (_ for _ in ()).throw(refusal))
        store.copy_from(store, stat(store, "sparse"), "copy")
        copy = (root / "copy").stat()
        assert copy.st_size == 1 << 40
        assert copy.st_blocks * 512 < 1 << 20
        with (root / "copy").open("rb") as file:
            assert file.read(6) == b"start\0"
            file.seek((1 << 39) - 1)
            assert file.read(8) == b"\0middle\0"


class TestWriting:
    def scratch(self, root: Path) -> list[Path]:
        return list((root / ".gloveport" / "tmp").iterdir())

    def test_full_disk_leaves_nothing(self, root: Path, store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
        store.put("x", b"old")
        real_write = os.write
        written = 0

        def write_until_full(descriptor: int, data: bytes) -> int:
            nonlocal written
            written += len(data)
            if written > 3 << 20:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real_write(descriptor, data)

        with monkeypatch.context() as patched:
            patched.setattr("os.write", write_until_full)
            with pytest.raises(StoreUnavailable, match="No space"):
                store.put("x", Trickle(b"n" * (8 << 20), 1 << 20))
        assert content_of(store, "x") == b"old"
        assert self.scratch(root) == []

    def test_no_permission(self, public_root: Path) -> None:
        public_root.chmod(0o555)
        store = FolderStore(public_root)
        with as_nobody(), pytest.raises(StoreError) as caught:
            store.put("x", b"x")
        assert not isinstance(caught.value, StoreUnavailable)
        assert caught.value.hint

    def test_name_too_long(self, root: Path, store: FolderStore) -> None:
        with pytest.raises(StoreError):
            store.put("x" * 300, b"x")
        assert self.scratch(root) == []

    def test_dead_writers_are_swept_and_living_ones_are_not(self, root: Path, store: FolderStore) -> None:
        store.put("x", b"x")
        scratch = root / ".gloveport" / "tmp"
        long_ago = time.time() - SCRATCH_AGE_SECONDS - 60
        for name in ("dead", "alive", "young"):
            (scratch / name).write_bytes(b"half")
        for name in ("dead", "alive"):
            os.utime(scratch / name, (long_ago, long_ago))
        with (scratch / "alive").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            FolderStore(root).put("y", b"y")
        assert sorted(path.name for path in self.scratch(root)) == ["alive", "young"]

    def test_a_writer_at_work_holds_its_lock(self, root: Path, store: FolderStore) -> None:
        """The other half of the sweeping rule: a stream that pauses for hours is not a dead writer."""
        test = self

        class Observed(Trickle):
            locked = False

            def read(self, size: int | None = -1) -> bytes:
                (path,) = test.scratch(root)
                with path.open("rb") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        self.locked = True
                return super().read(size)

        content = Observed(b"content", 3)
        store.put("x", content)
        assert content.locked

    def test_the_quarantine_is_closed_to_others(self, root: Path, store: FolderStore) -> None:
        store.put(".gloveport/quarantine/x", b"x")
        assert (root / ".gloveport").stat().st_mode & 0o077 == 0


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StoreError):
        FolderStore(tmp_path / "file")


def test_a_missing_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        FolderStore(tmp_path / "none")
