"""SANDBOX, untrusted: what element names mean, across the vocabularies that articles and books are written in.

JATS (NISO Z39.96), DocBook 4 and 5, TEI P5, DITA, FictionBook and Word 2003 share most of their names, and where they
share one they mean the same by it. Names in lower case.
"""

from enum import Enum, auto

from parsers.markup.words import words


class Role(Enum):
    """What an element does to the flow of text."""

    BLOCK = auto()
    SECTION = auto()
    HEADING = auto()
    PARAGRAPH = auto()
    LIST = auto()
    NUMBERED = auto()
    ITEM = auto()
    TERM = auto()
    TABLE = auto()
    CODE_BLOCK = auto()
    BOLD = auto()
    ITALIC = auto()
    CODE = auto()
    STRIKE = auto()
    RAISED = auto()
    LINK = auto()
    BREAK = auto()
    FORMULA = auto()
    INLINE_FORMULA = auto()
    FOOTNOTE = auto()
    CAPTION = auto()
    LABEL = auto()
    CITATION = auto()
    PERSON = auto()
    SKIPPED = auto()
    RUN = auto()
    INLINE = auto()
    QUOTE = auto()


_NAMES: dict[Role, str] = {
    Role.SECTION: "sec section sect1 sect2 sect3 sect4 sect5 simplesect refsection refsect1 refsect2 refsect3 chapter "
    "part appendix preface article book abstract trans-abstract ack acknowledgements dedication glossary "
    "glossdiv bibliography bibliodiv colophon procedure sidebar boxed-text app topic concept task "
    "reference div div1 div2 div3 div4 div5 sub-article response bio ref-list fn-group notes warning "
    "caution important note tip",
    Role.HEADING: "title head subtitle bridgehead refname h1 h2 h3 h4 h5 h6",
    Role.PARAGRAPH: "p para simpara formalpara ab l line v attrib shortdesc cmd info stage sp speaker subject "
    "text-author",
    Role.LIST: "list itemizedlist variablelist simplelist segmentedlist calloutlist qandaset ul sl dl def-list "
    "listbibl choices",
    Role.NUMBERED: "orderedlist ol steps substeps",
    Role.ITEM: "list-item listitem item li sli member step substep choice def dd glossdef callout question answer "
    "ref bibl biblioentry bibliomixed",
    Role.TERM: "term dt glossterm",
    Role.TABLE: "table informaltable tgroup simpletable tbl",
    Role.CODE_BLOCK: "programlisting screen codeblock pre preformat literallayout synopsis eg",
    Role.BOLD: "bold b strong guibutton guimenu guimenuitem uicontrol",
    Role.ITALIC: "italic i em emph emphasis cite citetitle firstterm foreignphrase",
    Role.CODE: "monospace code literal command filename option parameter varname function classname methodname "
    "property userinput computeroutput replaceable systemitem constant envar codeph filepath cmdname "
    "parmname tt",
    Role.STRIKE: "strike del strikethrough",
    Role.RAISED: "sup superscript",
    Role.LINK: "ext-link link ulink uri email ptr",
    Role.BREAK: "break br lb sbr empty-line",
    Role.FORMULA: "disp-formula equation informalequation",
    Role.INLINE_FORMULA: "inline-formula inlineequation tex-math math",
    Role.FOOTNOTE: "fn footnote",
    Role.CAPTION: "caption figdesc",
    Role.LABEL: "label",
    Role.CITATION: "element-citation mixed-citation citation nlm-citation",
    Role.PERSON: "name string-name personname",
    Role.QUOTE: "quote q",
    Role.SKIPPED: "object-id journal-meta article-id pub-date history permissions self-uri counts custom-meta-group "
    "processing-meta institution-id contrib-id related-object alt-text long-desc binary bindata indexterm "
    "index-term prolog teiheader docpr fonts styles lists sectpr ppr rpr tblpr tcpr trpr instrtext "
    "deltext documentproperties customdocumentproperties docsuppdata audiodata videodata imagedata remark",
    Role.RUN: "r",
    Role.INLINE: "t xref named-content styled-content phrase span seg hi sub subscript institution country year source "
    "volume issue fpage lpage article-title chapter-title publisher-name publisher-loc collab etal pub-id",
    Role.BLOCK: "body front back floats-group fig figure informalfigure table-wrap table-wrap-foot media mediaobject "
    "imageobject textobject supplementary-material statement speech disp-quote blockquote epigraph poem "
    "stanza verse-group lg varlistentry def-item dlentry glossentry qandaentry app-group author-notes "
    "award-group funding-group title-group conbody taskbody refbody context prereq result postreq example "
    "text group opener closer annotation content document page cover sect worddocument",
}  # fmt: skip

ROLE_OF = {name: role for role, names in _NAMES.items() for name in words(names)}
# Elements that only documents have: one of them, and text with elements inside it, makes a document of a file.
DOCUMENT_NAMES = frozenset(words("p para simpara sec section sect1 chapter body abstract div text"))
