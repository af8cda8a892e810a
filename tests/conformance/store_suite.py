"""TEST: what every object store must do, whatever it is made of. A backend inherits the class."""

import hashlib
import io
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import pytest

from ingest.errors import ObjectChanged, ObjectMissing, StoreError
from ingest.store.base import ObjectStore, StoredObject

# Names that people and attackers give to uploads. Each must come back from a listing exactly as it was put.
ODD_KEYS = (
    "a b+c%20d&e=f;g?h#i.txt",
    "100%.txt",
    "%41.txt",
    "%FF.txt",
    "%25FF.txt",
    "%C3%A9.txt",
    "é-composed.txt",
    "e\u0301-decomposed.txt",
    "emoji 🧤 and 中文.pdf",
    "new\nline\r\n.txt",
    "tab\tbell\x07 escape\x1b[31m.txt",
    "delete\x7f and c1\x85.txt",
    "not-xml-\x01\x02\x1f-\ufffe-\uffff.txt",
    "-rf --help.txt",
    "\u202etxt.exe.pdf",
    "'quoted' \"twice\" `and` $(more) <tag>.html",
    " leading and trailing ",
    "back\\slash.txt",
    "trailing.dot.",
    "..hidden/...three/.dot",
    ".gloveport-not-ours/x.txt",
    "CON",
    "deep/" * 20 + "leaf",
    "x" * 200,
)


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time and, if told, fails before its end."""

    def __init__(self, content: bytes, step: int, fail_at: int | None = None) -> None:
        super().__init__(content)
        self._step = step
        self._fail_at = fail_at

    def read(self, size: int | None = -1) -> bytes:
        if self._fail_at is not None and self.tell() >= self._fail_at:
            raise RuntimeError("the source broke")
        return super().read(self._step if size is None or size < 0 else min(size, self._step))


def big_content(mebibytes: int = 20) -> bytes:
    return random.Random(7).randbytes(mebibytes << 20)


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [stored.key for stored in store.list(prefix)]


def stat(store: ObjectStore, key: str) -> StoredObject:
    (found,) = [stored for stored in store.list(key) if stored.key == key]
    return found


def content_of(store: ObjectStore, key: str, version: str = "") -> bytes:
    with store.open(key, version) as reader:
        return reader.read()


def drain(reader: BinaryIO, seen: bytearray) -> None:
    """Read to the end in steps, keeping what came before an error."""
    while piece := reader.read(100_000):
        seen += piece


class StoreConformance:
    """Fixtures a backend gives: `store`, an empty one, and `make_store`, which makes more of the kind."""

    def test_round_trip(self, store: ObjectStore) -> None:
        assert store.put("folder/file.txt", b"content")
        found = stat(store, "folder/file.txt")
        assert (found.size, found.irregular) == (7, "")
        assert found.modified > 1_500_000_000
        assert content_of(store, "folder/file.txt", found.version) == b"content"

    def test_uri_is_canonical(self, store: ObjectStore) -> None:
        assert "://" in store.uri
        assert store.uri.endswith("/")

    def test_nothing_to_list(self, store: ObjectStore) -> None:
        assert keys(store) == []
        assert keys(store, "no/such/") == []

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_odd_keys_come_back_unchanged(self, store: ObjectStore, key: str) -> None:
        store.put(key, key.encode())
        assert keys(store) == [key]
        assert content_of(store, key, stat(store, key).version) == key.encode()
        assert store.delete(key)
        assert keys(store) == []

    def test_odd_keys_do_not_collide(self, store: ObjectStore) -> None:
        for key in ODD_KEYS:
            store.put(key, key.encode())
        assert {key: content_of(store, key) for key in keys(store)} == {key: key.encode() for key in ODD_KEYS}

    def test_listing_is_in_byte_order_of_the_whole_key(self, store: ObjectStore) -> None:
        wanted = ["a", "b!", "b-c/x", "b/a", "b/a.txt", "b/a/x", "b/b/c", "b.txt", "bb", "é", "\ue000", "🧤/x", "🧤0"]
        wanted.remove("b/a")  # a folder cannot hold both "b/a" and "b/a/x"
        for key in reversed(wanted):
            store.put(key, b"x")
        assert keys(store) == sorted(wanted, key=str.encode)

    def test_prefix_is_a_string_prefix(self, store: ObjectStore) -> None:
        for key in ("ab", "abc/d", "abc/e/f", "abd", "b/abc"):
            store.put(key, b"x")
        assert keys(store, "ab") == ["ab", "abc/d", "abc/e/f", "abd"]
        assert keys(store, "abc/") == ["abc/d", "abc/e/f"]
        assert keys(store, "abc/e/f") == ["abc/e/f"]
        assert keys(store, "abc/e/f/") == []

    def test_our_own_objects_are_listed_only_when_asked_for(self, store: ObjectStore) -> None:
        for key in (".gloveport/quarantine/x", ".gloveport/documents/y", ".a", ".gloveport0", "z"):
            store.put(key, b"x")
        assert keys(store) == [".a", ".gloveport0", "z"]
        assert keys(store, ".glove") == [".gloveport0"]
        assert keys(store, ".gloveport/") == [".gloveport/documents/y", ".gloveport/quarantine/x"]
        assert keys(store, ".gloveport/quar") == [".gloveport/quarantine/x"]

    def test_empty_object(self, store: ObjectStore) -> None:
        store.put("empty", b"")
        found = stat(store, "empty")
        assert found.size == 0
        assert content_of(store, "empty", found.version) == b""
        assert content_of(store, "empty") == b""

    def test_large_object_by_stream_and_in_small_reads(self, store: ObjectStore) -> None:
        content = big_content()
        store.put("big", io.BytesIO(content))
        found = stat(store, "big")
        assert found.size == len(content)
        digest = hashlib.sha256()
        with store.open("big", found.version) as reader:
            while piece := reader.read(123_457):
                digest.update(piece)
            assert reader.read(1) == b""
        assert digest.digest() == hashlib.sha256(content).digest()

    def test_a_stream_may_give_little_at_a_time(self, store: ObjectStore) -> None:
        content = os.urandom(300_000)
        store.put("slow", Trickle(content, 1_000))
        assert content_of(store, "slow") == content

    def test_reader_is_forward_only(self, store: ObjectStore) -> None:
        store.put("x", b"content")
        with store.open("x") as reader:
            assert not reader.seekable()

    def test_version_is_stable_and_changes_with_content(self, store: ObjectStore) -> None:
        store.put("x", b"one")
        first = stat(store, "x").version
        assert stat(store, "x").version == first
        content_of(store, "x")
        assert stat(store, "x").version == first
        store.put("x", b"two")
        assert stat(store, "x").version != first

    def test_put_replaces(self, store: ObjectStore) -> None:
        assert store.put("x", b"one, and longer")
        assert store.put("x", b"two")
        assert content_of(store, "x") == b"two"

    def test_delete_tells_whether_it_was_there(self, store: ObjectStore) -> None:
        store.put("x", b"x")
        assert store.delete("x") is True
        assert store.delete("x") is False
        assert store.delete("never/was") is False
        assert keys(store) == []

    def test_missing_object(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing), store.open("no/such/key"):
            pass

    def test_vanished_object(self, store: ObjectStore) -> None:
        store.put("x", b"x")
        version = stat(store, "x").version
        store.delete("x")
        with pytest.raises(ObjectMissing), store.open("x", version):
            pass

    def test_changed_before_open(self, store: ObjectStore) -> None:
        store.put("x", b"one")
        version = stat(store, "x").version
        store.put("x", b"two")
        with pytest.raises(ObjectChanged), store.open("x", version):
            pass

    @pytest.mark.parametrize("known", [True, False], ids=["with_version", "without_version"])
    def test_changed_between_two_reads_never_mixes(self, store: ObjectStore, known: bool) -> None:
        old, new = b"o" * (20 << 20), b"n" * (20 << 20)
        store.put("x", io.BytesIO(old))
        version = stat(store, "x").version if known else ""
        seen = bytearray()
        with store.open("x", version) as reader:
            seen += reader.read(1000)
            store.put("x", io.BytesIO(new))
            with pytest.raises(ObjectChanged):
                drain(reader, seen)
        assert set(seen) == {ord("o")}

    def test_emptied_object_is_a_changed_object(self, store: ObjectStore) -> None:
        store.put("x", b"content")
        version = stat(store, "x").version
        store.put("x", b"")
        with pytest.raises(ObjectChanged), store.open("x", version):
            pass

    def test_filled_object_is_a_changed_object(self, store: ObjectStore) -> None:
        store.put("x", b"")
        version = stat(store, "x").version
        store.put("x", b"content")
        with pytest.raises(ObjectChanged), store.open("x", version):
            pass

    @pytest.mark.parametrize("size", [10, 20 << 20], ids=["small", "in_parts"])
    def test_only_if_absent(self, store: ObjectStore, size: int) -> None:
        assert store.put("x", io.BytesIO(b"1" * size), only_if_absent=True) is True
        assert store.put("x", io.BytesIO(b"2" * size), only_if_absent=True) is False
        assert content_of(store, "x") == b"1" * size
        assert keys(store, ".gloveport/") == []

    def test_only_if_absent_race_has_one_winner(self, store: ObjectStore) -> None:
        store.put("warm", b"", only_if_absent=True)
        together = threading.Barrier(16)

        def compete(number: int) -> bool:
            together.wait()
            return store.put("prize", b"%d" % number, only_if_absent=True)

        with ThreadPoolExecutor(16) as pool:
            won = list(pool.map(compete, range(16)))
        assert won.count(True) == 1
        assert content_of(store, "prize") == b"%d" % won.index(True)

    @pytest.mark.parametrize("fail_at", [0, 1000, 18 << 20])
    def test_a_failed_put_leaves_what_was_there(self, store: ObjectStore, fail_at: int) -> None:
        store.put("x", b"old")
        with pytest.raises(RuntimeError, match="the source broke"):
            store.put("x", Trickle(b"n" * (20 << 20), 1 << 20, fail_at))
        assert content_of(store, "x") == b"old"
        assert keys(store, ".gloveport/") == []

    @pytest.mark.parametrize("size", [0, 10, 20 << 20])
    def test_copy_within_the_kind(self, store: ObjectStore, make_store: Callable[[], ObjectStore], size: int) -> None:
        content = random.Random(size).randbytes(size)
        store.put("odd key+%20🧤/x", io.BytesIO(content))
        target = make_store()
        target.copy_from(store, stat(store, "odd key+%20🧤/x"), "copy/of x")
        assert content_of(target, "copy/of x") == content

    def test_copy_within_the_store(self, store: ObjectStore) -> None:
        store.put("x", b"content")
        store.copy_from(store, stat(store, "x"), ".gloveport/quarantine/x")
        assert content_of(store, ".gloveport/quarantine/x") == b"content"
        assert content_of(store, "x") == b"content"

    def test_copy_of_another_version_is_refused(
        self, store: ObjectStore, make_store: Callable[[], ObjectStore]
    ) -> None:
        store.put("x", b"one")
        listed = stat(store, "x")
        store.put("x", b"two")
        target = make_store()
        with pytest.raises(ObjectChanged):
            target.copy_from(store, listed, "copy")
        assert keys(target) == []

    def test_copy_of_a_vanished_object(self, store: ObjectStore, make_store: Callable[[], ObjectStore]) -> None:
        store.put("x", b"one")
        listed = stat(store, "x")
        store.delete("x")
        target = make_store()
        with pytest.raises(ObjectMissing):
            target.copy_from(store, listed, "copy")
        assert keys(target) == []

    def test_empty_key_is_refused(self, store: ObjectStore) -> None:
        with pytest.raises(StoreError):
            store.put("", b"x")

    def test_many_threads_read_at_once(self, store: ObjectStore) -> None:
        for number in range(8):
            store.put(f"{number}", b"%d" % number * 100_000)
        with ThreadPoolExecutor(8) as pool:
            contents = list(pool.map(lambda number: content_of(store, f"{number}"), range(8)))
        assert contents == [b"%d" % number * 100_000 for number in range(8)]
