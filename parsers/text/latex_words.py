"""SANDBOX, untrusted: LaTeX's commands by what they do to a reader's text."""

from parsers.markup.inline import BOLD, CODE, ITALIC
from parsers.markup.words import words

SECTIONS = {
    "part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6,
    "frametitle": 3, "framesubtitle": 4,
}  # fmt: skip
# With an argument, and as a switch until the group ends.
MARKED = {
    "textbf": BOLD,
    "emph": ITALIC,
    "textit": ITALIC,
    "textsl": ITALIC,
    "texttt": CODE,
    "textsc": 0,
    "mathbf": BOLD,
}
SWITCHES = {
    "bf": BOLD, "bfseries": BOLD, "it": ITALIC, "itshape": ITALIC, "em": ITALIC, "sl": ITALIC, "slshape": ITALIC,
    "tt": CODE, "ttfamily": CODE,
}  # fmt: skip
SIGNS = {
    "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textbar": "|", "textless": "<", "textgreater": ">", "textendash": "–",
    "textemdash": "—", "textbullet": "•", "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“",
    "textquotedblright": "”", "textregistered": "®", "texttrademark": "™", "textcopyright": "©", "copyright": "©",
    "textdegree": "°", "pounds": "£", "euro": "€", "EUR": "€", "S": "§", "P": "¶", "dag": "†", "ddag": "‡",
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł",
    "L": "Ł", "i": "ı", "j": "ȷ", "LaTeX": "LaTeX", "TeX": "TeX", "quad": " ", "qquad": " ", "enspace": " ",
    "thinspace": " ", "space": " ", "newline": "\n", "linebreak": "\n", "tabularnewline": "\n",
    "textunderscore": "_", "guillemotleft": "«", "guillemotright": "»", "flqq": "«", "frqq": "»", "glqq": "„",
    "grqq": "“", "textdollar": "$", "textperiodcentered": "·", "textminus": "−", "texttimes": "×", "textmu": "µ",
    "BibTeX": "BibTeX",
}  # fmt: skip
ESCAPED = {
    "%": "%", "&": "&", "_": "_", "#": "#", "$": "$", "{": "{", "}": "}", " ": " ", "\n": " ", ",": " ", ";": " ",
    ":": " ", "!": "", "/": "", "@": "", "-": "", "\\": "\n",
}  # fmt: skip
# Combining characters for accent commands (The TeXbook, chapter 9).
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "r": "\u030a",
    "k": "\u0328",
}  # fmt: skip
# Arguments that are no text, by how many of them a command takes.
SKIPPED_ARGUMENTS = {
    **dict.fromkeys(
        words(
            "label vspace hspace includegraphics bibliographystyle usepackage documentclass documentstyle "
            "pagestyle thispagestyle pagenumbering bibliography addbibresource graphicspath hypersetup geometry "
            "nocite index glossary vskip "
            "color pagecolor selectlanguage captionsetup lstset theoremstyle usetikzlibrary "
            "hyphenation RequirePackage phantom hphantom vphantom pdfinfo usetheme usecolortheme "
            "thanksmark definecolorset cline cmidrule columnwidth "
            "newcounter stepcounter refstepcounter setmainfont setsansfont setmonofont"
        ), 1,
    ),
    **dict.fromkeys(
        words(
            "setlength addtolength setcounter addtocounter rule fontsize newtheorem DeclareMathOperator "
            "PassOptionsToPackage settowidth providecolor markboth "
            "resizebox SetKwInput"
        ), 2,
    ),
    **dict.fromkeys(words("addcontentsline definecolor newenvironment renewenvironment"), 3),
    "textcolor": 1, "colorbox": 1, "parbox": 1, "raisebox": 1, "scalebox": 1, "hyperlink": 1, "foreignlanguage": 1,
    "makebox": 0, "newlength": 1,
}  # fmt: skip
INCLUDES = frozenset(
    words("input include subfile subimport import lstinputlisting verbatiminput inputminted includepdf includesvg")
)
MATH = frozenset(
    words("equation align gather multline displaymath eqnarray alignat flalign math dmath xalignat IEEEeqnarray")
)
ALIGNED = frozenset(words("align eqnarray alignat flalign gather multline xalignat IEEEeqnarray"))
VERBATIM = frozenset(words("comment verbatim Verbatim lstlisting minted alltt BVerbatim LVerbatim filecontents"))
UNSHOWN = frozenset(words("comment tikzpicture picture filecontents pgfpicture asy CCSXML"))
LISTS = {
    "itemize": "", "enumerate": "1", "description": "d", "compactitem": "", "compactenum": "1", "inparaenum": "1",
    "thebibliography": "b", "list": "", "trivlist": "",
}  # fmt: skip
TABLES = frozenset(words("tabular tabularx tabulary longtable array tabular* supertabular xltabular tblr"))
TABLE_ARGUMENTS = {
    "tabular": 1, "longtable": 1, "array": 1, "supertabular": 1, "tabularx": 2, "tabulary": 2, "tabular*": 2,
    "xltabular": 2, "tblr": 1,
}  # fmt: skip
ENVIRONMENT_TITLES = {"abstract": "Abstract", "thebibliography": "References"}
THEOREMS = frozenset(words("theorem lemma proposition corollary definition example remark proof claim conjecture"))
CITATIONS = frozenset(words("cite citep citet citealp citeauthor citeyear parencite textcite autocite footcite Cite"))
REFERENCES = frozenset(words("ref eqref autoref cref Cref pageref nameref vref"))
