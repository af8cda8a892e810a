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
    QUOTE = auto()


_NAMES: dict[Role, str] = {
    Role.SECTION: "sec section sect1 sect2 sect3 sect4 sect5 simplesect refsection refsect1 refsect2 chapter part appendix "
    "preface article book abstract trans-abstract ack acknowledgements dedication glossary bibliography app topic concept task "
    "reference div div1 div2 div3 div4 sub-article response boxed-text sidebar example-section refentry colophon glossdiv "
    "bio ref-list fn-group def-list-section procedure bibliodiv index-section notes warning caution important note tip",
    Role.HEADING: "title head article-title-heading subtitle bridgehead refname h1 h2 h3 h4 h5 h6",
    Role.PARAGRAPH: "p para simpara formalpara ab l line v attrib shortdesc cmd stepresult info stage sp speaker subject "
    "disp-quote-p verse-line quotee literallayout-p poem-title text-author stanza-title",
    Role.LIST: "list itemizedlist variablelist simplelist ul sl list-unordered deflist def-list dl gloss listbibl "
    "segmentedlist calloutlist qandaset steps-unordered choices properties",
    Role.NUMBERED: "orderedlist ol steps substeps",
    Role.ITEM: "list-item listitem item li sli member step def dd callout answer question ref biblioentry bibliomixed bibl "
    "choice substep glossdef",
    Role.TERM: "term dt glossterm label-term dthd",
    Role.TABLE: "table informaltable tgroup simpletable tbl",
    Role.CODE_BLOCK: "programlisting screen codeblock pre literallayout synopsis preformat eg",
    Role.BOLD: "bold b strong guibutton guimenu guimenuitem uicontrol",
    Role.ITALIC: "italic i em emphasis emph cite citetitle source-italic firstterm foreignphrase",
    Role.CODE: "monospace code literal command filename option parameter varname function classname userinput computeroutput "
    "codeph filepath cmdname parmname tt systemitem constant envar methodname property type replaceable",
    Role.STRIKE: "strike del strikethrough",
    Role.RAISED: "sup superscript",
    Role.LINK: "ext-link link ulink uri xref-external email ptr ref-link",
    Role.BREAK: "break br lb hr sbr empty-line",
    Role.FORMULA: "disp-formula equation informalequation display-formula",
    Role.INLINE_FORMULA: "inline-formula tex-math math inlineequation",
    Role.FOOTNOTE: "fn footnote",
    Role.CAPTION: "caption figdesc desc",
    Role.CITATION: "element-citation mixed-citation citation nlm-citation",
    Role.PERSON: "name string-name personname",
    Role.LABEL: "label",
    Role.QUOTE: "quote q",
    Role.SKIPPED: "object-id journal-meta article-id pub-date history permissions self-uri counts custom-meta-group binary "
    "bindata indexterm index-term prolog teiheader docpr fonts styles lists sectpr ppr rpr tblpr tcpr trpr instrtext mathml-alt "
    "institution-id contrib-id related-object fn-type pub-id-skip alt-text long-desc audiodata videodata imagedata remark "
    "documentproperties customdocumentproperties docsuppdata processing-meta kwd-group-skip proof delinstrtext deltext",
    Role.RUN: "r",
    Role.BLOCK: "body front back front-matter book-body floats-group fig figure table-wrap informalfigure media mediaobject "
    "statement verse-group speech disp-quote blockquote lg epigraph poem stanza conbody taskbody refbody section-body "
    "supplementary-material textobject caption-block varlistentry def-item dlentry glossentry qandaentry app-group row-block "
    "table-wrap-foot title-group abstract-body wordDocument sect example text group opener closer div-block cover "
    "annotation content document page chapter-body entry-block figuregroup imageobject itemset sp-block context prereq result "
    "postreq steps-informal floatgroup wordprocessor worddocument sub-section award-group funding-group author-notes",
}  # fmt: skip

ROLE_OF = {name: role for role, names in _NAMES.items() for name in words(names)}
# Elements that only documents have: one of them, and text with elements inside it, makes a document of a file.
DOCUMENT_NAMES = frozenset(words("p para simpara sec section sect1 chapter body abstract div text"))
