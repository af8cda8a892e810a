"""SANDBOX, untrusted: Unicode characters of formulas and the LaTeX commands for them."""

_GREEK = (
    "α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta ϑ vartheta ι iota κ kappa λ "
    "lambda μ mu ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma τ tau υ upsilon φ varphi ϕ phi χ chi ψ "
    "psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega"
)
_SIGNS = (
    "± pm ∓ mp × times ÷ div ⋅ cdot · cdot ∗ ast ⋆ star ∘ circ ∙ bullet ≤ leq ≥ geq ≪ ll ≫ gg ≠ neq ≈ approx ≡ "
    "equiv ∼ sim ≃ simeq ≅ cong ∝ propto ∞ infty ∂ partial ∇ nabla √ surd ∈ in ∉ notin ∋ ni ⊂ subset ⊃ supset ⊆ "
    "subseteq ⊇ supseteq ∪ cup ∩ cap ∖ setminus ∅ emptyset ∀ forall ∃ exists ∄ nexists ¬ neg ∧ wedge ∨ vee ⊕ "
    "oplus ⊗ otimes ⊥ perp ∥ parallel ∠ angle △ triangle → rightarrow ← leftarrow ↔ leftrightarrow ⇒ Rightarrow ⇐ "
    "Leftarrow ⇔ Leftrightarrow ↑ uparrow ↓ downarrow ↦ mapsto ⟶ longrightarrow … ldots ⋯ cdots ⋮ vdots ⋱ ddots ℏ "
    "hbar ℓ ell ℜ Re ℑ Im ℵ aleph ∴ therefore ∵ because ⟨ langle ⟩ rangle ⌈ lceil ⌉ rceil ⌊ lfloor ⌋ rfloor ‖ "
    "Vert ∑ sum ∏ prod ∐ coprod ∫ int ∬ iint ∭ iiint ∮ oint ′ prime ⊢ vdash ⊨ models ⊤ top ≺ prec ≻ succ ⇌ "
    "rightleftharpoons"
)


def _table(words: str) -> dict[str, str]:
    parts = words.split()
    return {sign: f"\\{name}" for sign, name in zip(parts[::2], parts[1::2], strict=True)}


COMMANDS = _table(_GREEK) | _table(_SIGNS)
ESCAPED = {
    "#": r"\#",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\sim ",
    "\\": r"\backslash ",
}
INVISIBLE = frozenset("\u2061\u2062\u2063\u2064\u200b\u200c\u200d")  # function application, invisible times …

LARGE_OPERATORS = {
    "∑": r"\sum", "∏": r"\prod", "∐": r"\coprod", "∫": r"\int", "∬": r"\iint", "∭": r"\iiint", "⨌": r"\iiiint",
    "∮": r"\oint", "∯": r"\oiint", "∰": r"\oiiint", "⋃": r"\bigcup", "⋂": r"\bigcap", "⋁": r"\bigvee",
    "⋀": r"\bigwedge",
    "⨁": r"\bigoplus", "⨂": r"\bigotimes", "⨀": r"\bigodot", "⨄": r"\biguplus", "⨆": r"\bigsqcup",
}  # fmt: skip
ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "overline",
    "\u0306": "breve", "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
    "\u20d6": "overleftarrow",
    "\u20d7": "vec", "\u20db": "dddot", "\u20dc": "ddddot", "^": "hat", "~": "tilde", "¯": "bar", "→": "vec",
    "←": "overleftarrow",
    "˙": "dot", "¨": "ddot", "ˇ": "check", "˘": "breve", "´": "acute", "`": "grave", "\u20e1": "overleftrightarrow",
}  # fmt: skip
FUNCTIONS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lg",
        "lim",
        "liminf",
        "limsup",
        "ln",
        "log",
        "max",
        "min",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
    ]
)
DELIMITERS = {
    "{": r"\{", "}": r"\}", "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle", "〉": r"\rangle", "⌈": r"\lceil",
    "⌉": r"\rceil", "⌊": r"\lfloor", "⌋": r"\rfloor", "‖": r"\|", "∥": r"\|", "∣": "|", "": ".", "⟦": "[[", "⟧": "]]",
}  # fmt: skip
GROUPS = {
    ("⏟", "bot"): r"\underbrace", ("⏞", "top"): r"\overbrace", ("⏜", "top"): r"\overparen",
    ("⏝", "bot"): r"\underparen",
    ("⎴", "top"): r"\overbracket", ("⎵", "bot"): r"\underbracket",
}  # fmt: skip
