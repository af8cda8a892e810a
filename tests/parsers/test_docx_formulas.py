"""TEST: Office Math becomes the LaTeX that means the same."""

import pytest

from contract.verdicts import ElementType
from tests.parsers.markup_cases import shown
from tests.parsers.word_file import paragraph, read_body, run


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def e(inner: str, name: str = "e") -> str:
    return f"<m:{name}>{inner}</m:{name}>"


def wrapped(name: str, *parts: str, properties: str = "") -> str:
    return f"<m:{name}><m:{name}Pr>{properties}</m:{name}Pr>{''.join(parts)}</m:{name}>"


FRACTION = wrapped("f", e(r("a"), "num"), e(r("b"), "den"))

CASES = {
    "fraction": (FRACTION, r"\frac{a}{b}"),
    "linear fraction": (wrapped("f", e(r("a"), "num"), e(r("b"), "den"), properties='<m:type m:val="lin"/>'), "a/b"),
    "superscript": (wrapped("sSup", e(r("x")), e(r("2"), "sup")), "x^{2}"),
    "grouped base": (wrapped("sSup", e(FRACTION), e(r("2"), "sup")), r"{\frac{a}{b}}^{2}"),
    "both scripts": (wrapped("sSubSup", e(r("x")), e(r("i"), "sub"), e(r("2"), "sup")), "x_{i}^{2}"),
    "left scripts": (wrapped("sPre", e(r("i"), "sub"), e(r("2"), "sup"), e(r("C"))), "{}_{i}^{2}C"),
    "square root": (wrapped("rad", e("", "deg"), e(r("x")), properties='<m:degHide m:val="1"/>'), r"\sqrt{x}"),
    "cube root": (wrapped("rad", e(r("3"), "deg"), e(r("x"))), r"\sqrt[3]{x}"),
    "sum": (
        wrapped("nary", e(r("i=1"), "sub"), e(r("n"), "sup"), e(r("i")), properties='<m:chr m:val="∑"/>'),
        r"\sum_{i=1}^{n}i",
    ),
    "plain integral": (wrapped("nary", e("", "sub"), e("", "sup"), e(r("xdx"))), r"\int xdx"),
    "function": (wrapped("func", e(r("log"), "fName"), e(r("x"))), r"\log x"),
    "own function": (wrapped("func", e(r("argh"), "fName"), e(r("x"))), r"\operatorname{argh}x"),
    "limit": (wrapped("limLow", e(r("lim")), e(r("n→∞"), "lim")), r"\lim_{n\rightarrow\infty}"),
    "upper limit": (wrapped("limUpp", e(r("x")), e(r("def"), "lim")), r"\overset{def}{x}"),
    "brackets": (wrapped("d", e(FRACTION)), r"\left(\frac{a}{b}\right)"),
    "braces, open end": (
        wrapped("d", e(r("x")), properties='<m:begChr m:val="{"/><m:endChr m:val=""/>'),
        r"\left\{x\right.",
    ),
    "separated": (wrapped("d", e(r("a")), e(r("b")), properties='<m:sepChr m:val=","/>'), r"\left(a,b\right)"),
    "accent": (wrapped("acc", e(r("x")), properties='<m:chr m:val="⃗"/>'), r"\vec{x}"),
    "wide accent": (wrapped("acc", e(r("xy"))), r"\widehat{xy}"),
    "bar": (wrapped("bar", e(r("x")), properties='<m:pos m:val="top"/>'), r"\overline{x}"),
    "under brace": (wrapped("groupChr", e(r("x"))), r"\underbrace{x}"),
    "matrix": (
        wrapped("m", f"<m:mr>{e(r('a'))}{e(r('b'))}</m:mr><m:mr>{e(r('c'))}{e(r('d'))}</m:mr>"),
        r"\begin{matrix}a & b \\ c & d\end{matrix}",
    ),
    "equations": (wrapped("eqArr", e(r("a")), e(r("b"))), r"\begin{array}{c}a \\ b\end{array}"),
    "one equation": (wrapped("eqArr", e(r("a"))), "a"),
    "box": (wrapped("borderBox", e(r("x"))), r"\boxed{x}"),
    "greek and signs": (r("2πr≤∞"), r"2\pi r\leq\infty"),
    "special characters": (r("50% {a}_#"), r"50\% \{a\}\_\#"),
    "alphabets": (r("𝑎𝐁"), "aB"),
    "words": ("<m:r><m:rPr><m:nor/></m:rPr><m:t>if x</m:t></m:r>", r"\text{if x}"),
    "deleted": (r("x") + '<w:del w:id="1">' + r("y") + "</w:del>", "x"),
    "unknown element": (f"<m:strange>{r('x')}</m:strange>", "x"),
}


@pytest.mark.parametrize(("omml", "latex"), CASES.values(), ids=CASES.keys())
def test_inline(omml: str, latex: str) -> None:
    document = read_body(f"<w:p>{run('so ')}<m:oMath>{omml}</m:oMath>{run(' it is')}</w:p>")
    assert shown(document) == [f"so ${latex}$ it is"]


def test_display_formulas_stand_alone() -> None:
    document = read_body(f"<w:p><m:oMathPara><m:oMath>{FRACTION}</m:oMath></m:oMathPara></w:p>" + paragraph("x"))
    assert document.blocks[0].kind is ElementType.FORMULA
    assert document.blocks[0].text.strip("$") == r"\frac{a}{b}"
    assert document.blocks[0].markdown == "$$\n\\frac{a}{b}\n$$"


def test_formulas_nested_beyond_the_bound_keep_their_letters() -> None:
    omml = r("x")
    for _ in range(75):
        omml = wrapped("rad", e("", "deg"), e(omml), properties='<m:degHide m:val="1"/>')
    assert "x" in read_body(f"<w:p><m:oMath>{omml}</m:oMath></w:p>").blocks[0].text
