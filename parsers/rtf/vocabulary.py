"""SANDBOX, untrusted: RTF's control words that stand for a character, and those that begin what is not shown."""

from parsers.markup.words import words

CHARACTERS = {
    "tab": "\t", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005", "zwj": "\u200d",
    "zwnj": "\u200c", "line": "\n", "softline": "\n", "lbr": "\n", "column": "\n",
}  # fmt: skip
SYMBOLS = {"\\": "\\", "{": "{", "}": "}", "~": "\u00a0", "_": "\u2011"}

# Destinations whose text is no part of what a reader sees (RTF 1.9.1, appendix B), where they may come without "\*".
UNSHOWN = frozenset(
    words(
        "objclass objname objalias objsect nonshppict shprslt sp listtable listoverridetable "
        "rsidtbl themedata colorschememapping datastore latentstyles generator xmlnstbl wgrffmtfilter mmathPr "
        "mmathPict bkmkstart bkmkend atrfstart atrfend atnref atnid atntime atndate atnicn atnparent pn pntxta "
        "pntxtb pnseclvl tc tcn xe rxe txe filetbl revtbl ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn fchars "
        "lchars htmltag mhtmltag panose falt private pgptbl protusertbl userprops docvar factoidname background "
        "listpicture nonesttables datafield formfield ffname ffdeftext ffl ffentrymcr ffexitmcr "
        "keywords subject operator manager company category comment doccomm hlinkbase printim buptim blipuid "
        "picprop upr passwordhash oldcprops oldpprops oldtprops oldsprops lsdlockedexcept "
        "mvtype mmaddfieldname maxerrors pxe xform xmlattrname xmlattrvalue xmlclose xmlname xmlopen "
    )
)
# Destinations that are read although a reader that does not know them may skip them ("\*" in front).
READ_WHEN_STARRED = frozenset(
    words(
        "fldinst annotation atnauthor atnid ud pntext listtext shpinst shptxt dptxbxtext objclass objdata template "
        "moMath moMathPara mmath footnote fldrslt fonttbl colortbl stylesheet info do dptxbx cs ds ts tsrowd "
        "nesttableprops result shppict headerl headerr header footer footerl footerr"
    )
)
HEADERS = frozenset(words("header headerl headerr headerf"))
FOOTERS = frozenset(words("footer footerl footerr footerf"))
INFO_TEXTS = frozenset(words("title author"))
INFO_DATES = frozenset(words("creatim revtim"))
DATE_PARTS = frozenset(words("yr mo dy hr min sec"))
# Of an \object: what it is.
OBJECTS_LINKED = frozenset(words("objautlink objlink objsub objpub"))
OBJECTS_CONTROL = frozenset(words("objocx objhtml"))
