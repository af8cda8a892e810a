"""SANDBOX, untrusted: files that lie in a OneNote section go out, and what runs on a double click is told.

A picture over a script, "double-click to view", is how malware came in notebooks. A file counts whether or not a page
shows it: its bytes are in the section all the same.
"""

from collections.abc import Iterable, Iterator

from contract.verdicts import FindingKind, Severity, Withheld
from parsers.blocks import FoundIssue, Outlet
from parsers.markup.words import words
from parsers.onenote.model import Section
from parsers.onenote.page import Embedded

PLACE = "embedded files"
_NAMED_MAX = 20
# What Windows runs, mounts or installs when it is opened: file types that Outlook blocks, and disk images.
_RUNS = frozenset(
    words(
        "ade adp app appref-ms application appx appxbundle bas bat cer chm cmd cmdline cnt com cpl crt csh der diagcab "
        "exe fxp gadget grp hlp hpj hta htc img inf ins iso isp its jar jnlp js jse ksh lnk mad maf mag mam maq mar "
        "mas mat mau mav maw mcf mda mdb mde mdt mdw mdz msc msh msh1 msh2 mshxml msi msix msixbundle msp mst msu ops "
        "osd pcd pif pl plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 pst py pyc pyo pyw pyz pyzw reg scf scr "
        "sct search-ms settingcontent-ms shb shs theme tmp udl url vb vbe vbp vbs vhd vhdx vsmacros vsw vxd webpnp "
        "website wsb wsc wsf wsh xbap xll xnk"
    )
)
_RUNNING = {
    b"MZ": "program",
    b"\x7fELF": "program",
    b"L\x00\x00\x00\x01\x14\x02\x00": "shortcut",
    b"#!": "script",
    b"ITSF": "compiled help",
}
_PICTURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x01\x00\x00\x00",
    b"\xd7\xcd\xc6\x9a", b"RIFF",
)  # fmt: skip


def pass_on(section: Section, embedded: Iterable[Embedded], pictures: set[str], files: Outlet) -> Iterator[FoundIssue]:
    """Files that pages name, then those that none does, without pictures. Yields findings."""
    known = {reference.upper(): data for reference, data in section.files.items()}
    left = {guid for guid, data in known.items() if not bytes(data[:4]).startswith(_PICTURES)}
    left -= {_guid_of(reference) for reference in pictures}
    told: list[FoundIssue] = []
    for each in embedded:
        guid = _guid_of(each.reference)
        data = known.get(guid)
        left.discard(guid)
        if data is None:
            files.withhold(each.name, Withheld.UNSUPPORTED, "not in this file")
            told.append(FoundIssue(FindingKind.NOT_EXAMINED, Severity.LOW, PLACE, f"{each.name}: not in this file"))
            continue
        files.embed(each.name, bytes(data))
        told.append(_finding(each.name, data))
    for number, (guid, data) in enumerate(known.items(), 1):
        if guid in left:
            name = f"file {number}"
            files.embed(name, bytes(data))
            told.append(_finding(name, data))
    # Those that run first: what is cut off behind the twentieth must not be one of them.
    told.sort(key=lambda each: each.kind is not FindingKind.ACTIVE_CONTENT)
    yield from told[:_NAMED_MAX]
    if len(told) > _NAMED_MAX:
        worst = told[_NAMED_MAX]
        evidence = f"{len(told) - _NAMED_MAX} more embedded files"
        yield FoundIssue(worst.kind, worst.severity, PLACE, evidence)


def _finding(name: str, data: memoryview) -> FoundIssue:
    extension = name.rpartition(".")[2].strip().lower() if "." in name else ""
    head = bytes(data[:16])
    what = next((kind for start, kind in _RUNNING.items() if head.startswith(start)), "")
    what = what or (f"opening a .{extension} runs it" if extension in _RUNS else "")
    if what:
        return FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, PLACE, f"{name}: {what}")
    return FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, PLACE, name or "unnamed")


def _guid_of(reference: str) -> str:
    """`<ifndf>{GUID}` names a file in the store (MS-ONESTORE 2.5.27)."""
    return reference.partition(">")[2].strip().upper()
