"""SANDBOX, untrusted: names of PresentationML."""

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
A14 = "{http://schemas.microsoft.com/office/drawing/2010/main}"
EMU_PER_POINT = 12_700
ON = frozenset(("1", "true", "on"))
OFF = frozenset(("0", "false", "off"))
