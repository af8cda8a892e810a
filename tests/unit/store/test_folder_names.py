"""TEST: file names and key segments are each other's image, whatever bytes an uploader chose."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.errors import StoreError
from ingest.store.folder_names import name_of, names_of, segment_of

# Pieces that collide if anything does: percent signs, escapes of escapes, valid and stray bytes.
PIECES = [
    b"%",
    b"25",
    b"FF",
    b"%FF",
    b"%25",
    b"%C3%A9",
    b"C3",
    b"A9",
    "é".encode(),
    b"\xff",
    b"\xc3",
    b"\xa9",
    b"a",
    b"\n",
]
names = st.binary(max_size=8) | st.lists(st.sampled_from(PIECES), max_size=7).map(b"".join)
segments = st.text(max_size=8) | st.lists(st.sampled_from(PIECES), max_size=7).map(
    lambda pieces: b"".join(pieces).decode("utf-8", "ignore")
)


@given(names)
@example(b"%FF")
@example(b"%25FF")
@example(b"%\xff")
@example(b"\xed\xa0\x80")
def test_every_name_has_a_segment_of_its_own(name: bytes) -> None:
    segment = segment_of(name)
    segment.encode("utf-8")
    assert name_of(segment) == name


@given(segments)
@example("%C3%A9")
@example("%25")
@example("%FF%25")
@example("%25FF%2525")
def test_every_segment_has_a_name_of_its_own(segment: str) -> None:
    assert segment_of(name_of(segment)) == segment


@pytest.mark.parametrize("text", ["plain.txt", "100%.txt", "a%20b", "%41", "%25", "%C3%A9", "50%25", "%ff", "\x01\n🧤"])
def test_ordinary_names_are_shown_as_they_are(text: str) -> None:
    assert segment_of(text.encode()) == text


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        (b"\xff.txt", "%FF.txt"),
        (b"%\xff", "%25%FF"),
        (b"%FF.txt", "%25FF.txt"),
        (b"%25FF.txt", "%2525FF.txt"),
        (b"caf\xe9", "caf%E9"),
    ],
)
def test_what_stray_bytes_look_like(name: bytes, segment: str) -> None:
    assert segment_of(name) == segment


@given(segments)
def test_no_key_leads_out(key: str) -> None:
    """Decoding must not conjure up a separator, a NUL or a way to the parent."""
    try:
        names = names_of(key)
    except StoreError:
        return
    assert not [name for name in names if name in (b"", b".", b"..") or b"/" in name or b"\0" in name]


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "\0", "a\0b", "\ud800"])
def test_keys_that_are_no_path(key: str) -> None:
    with pytest.raises(StoreError):
        names_of(key)
