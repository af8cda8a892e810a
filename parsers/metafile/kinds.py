"""SANDBOX, untrusted: what tells a metafile by its first bytes. Cheap to import: most files have none."""

EMF, WMF = "image/emf", "image/wmf"
PICTURE_BYTES_MAX = 64 << 20
GZIP = b"\x1f\x8b"
PLACEABLE = b"\xd7\xcd\xc6\x9a"
PLACEABLE_BYTES, HEADER_WORDS = 22, 9  # of WMF
_SIGNATURE_AT, _SIGNATURE = 40, b" EMF"
# In memory or on disk, nine words long, of version 1 or 3: [MS-WMF] 2.3.2.2
_HEADERS = frozenset(bytes((kind, 0, HEADER_WORDS, 0, 0, version)) for kind in (1, 2) for version in (1, 3))


def kind_of(head: bytes) -> str:
    """The media type of a picture that begins so, "" when it is no metafile."""
    if head[:4] == b"\x01\x00\x00\x00":
        return EMF if head[_SIGNATURE_AT : _SIGNATURE_AT + 4] == _SIGNATURE else ""
    if head[:4] == PLACEABLE:
        return WMF if len(head) >= PLACEABLE_BYTES + 2 * HEADER_WORDS else ""
    return WMF if len(head) > 2 * HEADER_WORDS and head[:6] in _HEADERS else ""


def is_picture(head: bytes) -> bool:
    """Whether bytes begin as a metafile does, or as what one may be packed in."""
    return head[:2] == GZIP or bool(kind_of(head))
