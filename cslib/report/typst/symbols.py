"""The signs of TeX and what they are in Unicode and Typst. Data."""

from __future__ import annotations

from typing import Final

__all__ = ["ACCENTS", "FUNCTIONS", "LIMITS", "MATRICES", "SPACES", "STYLES", "SYMBOLS"]

_NAMED: Final = """
alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂
times × cdot ⋅ div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ cup ∪ cap ∩ setminus ∖ vee ∨
wedge ∧ land ∧ lor ∨ neg ¬ lnot ¬ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ neq ≠ equiv ≡ sim ∼ simeq ≃
approx ≈ cong ≅ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ in ∈ notin ∉ ni ∋ perp ⊥
parallel ∥ mid ∣ models ⊨ vdash ⊢ forall ∀ exists ∃ nexists ∄ emptyset ∅ varnothing ∅ infty ∞ partial ∂ nabla ∇
hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ angle ∠ triangle △ prime ′ degree ° dagger † ddagger ‡ therefore ∴ because ∵
to → rightarrow → longrightarrow ⟶ Rightarrow ⇒ Longrightarrow ⟹ implies ⟹ leftarrow ← gets ← Leftarrow ⇐
leftrightarrow ↔ Leftrightarrow ⇔ iff ⟺ mapsto ↦ uparrow ↑ downarrow ↓ hookrightarrow ↪ rightharpoonup ⇀
ldots … dots … dotsc … cdots ⋯ dotsb ⋯ vdots ⋮ ddots ⋱ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉
lbrace { rbrace } lbrack [ rbrack ] lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ backslash \\ colon : square □
imath ı jmath ȷ complement ∁ top ⊤ bot ⊥ cong ≅ doteq ≐ triangleq ≜ coloneqq ≔ asymp ≍ odot ⊙ amalg ⨿
"""
SYMBOLS: Final = {
    **dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True)),
    **{"{": "{", "}": "}", "|": "‖", "%": "%", "$": "$", "&": "&", "#": "#", "_": "_"},
}
SPACES: Final = {
    ",": 0.167, "thinspace": 0.167, ":": 0.222, ">": 0.222, ";": 0.278, " ": 0.333, "!": -0.167, "quad": 1, "qquad": 2,
    "enspace": 0.5,
}  # fmt: skip
FUNCTIONS: Final = frozenset(
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
        "dim",
        "exp",
        "hom",
        "ker",
        "lg",
        "ln",
        "log",
        "sec",
        "sin",
        "sinh",
        "tan",
        "tanh",
    ]
)
LIMITS: Final = {
    **{name: name for name in ("det", "gcd", "inf", "lim", "max", "min", "Pr", "sup", "argmax", "argmin")},
    "liminf": "lim inf",
    "limsup": "lim sup",
}
ACCENTS: Final = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "macron", "overline": "overline",
    "underline": "underline", "vec": "arrow", "dot": "dot", "ddot": "dot.double", "acute": "acute", "grave": "grave",
    "check": "caron", "breve": "breve", "overbrace": "overbrace", "underbrace": "underbrace",
}  # fmt: skip
STYLES: Final = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "mathbb": "bb", "mathcal": "cal", "mathscr": "scr",
    "mathfrak": "frak",
}  # fmt: skip
MATRICES: Final = {
    "matrix": "none", "smallmatrix": "none", "pmatrix": '"("', "bmatrix": '"["', "Bmatrix": '"{"', "vmatrix": '"|"',
    "Vmatrix": '"\\u{2016}"',
}  # fmt: skip
