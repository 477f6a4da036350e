"""TeX becomes formulas that print under the standards, or stays TeX; it never becomes code."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.report.typst.math import equation
from cslib.report.typst.press import press
from cslib.report.typst.symbols import ACCENTS, FUNCTIONS, LIMITS, MATRICES, SPACES, STYLES, SYMBOLS

HEAD = '#set document(title: "t", date: datetime(year: 2026, month: 1, day: 1))\n= t\n'
FORMULAS = [
    r"\mathrm{NRR} = \frac{\sum_{i=1}^n c_i}{\sum_i o_i}",
    r"\left( \frac{1}{2} \right)^2 \left\{ x \right.",
    r"f(x)=\begin{cases} 1 & x>0 \\ 0 & \text{otherwise} \end{cases}",
    r"\begin{align*} a &= b \\ &= d \end{align*}",
    r"\sqrt[3]{x}\,\sqrt y \quad \binom{n}{k}",
    r"x'' \hat{\theta}_1^2 \overset{!}{=} \underbrace{a}_{b}",
    r"\#\$5\% \operatorname{Var}(X)",
]


@pytest.mark.parametrize(
    ("tex", "code"),
    [
        (r"\alpha", r'symbol("\u{3b1}")'),
        (r"\frac12", 'math.frac("1", "2")'),
        (r"\frac{a}{b}", 'math.frac(symbol("a"), symbol("b"))'),
        ("a_1^2", 'math.attach(symbol("a"), t: "2", b: "1")'),
        ("ab", '{[]; symbol("a"); symbol("b")}'),
        (r"\text{a#b}", '"a#b"'),
    ],
)
def test_what_tex_becomes(tex: str, code: str) -> None:
    assert code in equation(tex, block=True)


@pytest.mark.parametrize(
    "tex", [r"\unknown", "{", r"\left(", r"\begin{x}", r"\frac{", "", "{" * 99 + "}" * 99]
)
def test_what_is_not_understood_is_shown_as_written(tex: str) -> None:
    assert equation(tex, block=False).startswith("raw(")


def test_every_sign_prints_under_the_standards() -> None:
    signs = [f"\\{name} " for name in (*SYMBOLS, *FUNCTIONS, *LIMITS)]
    marks = [f"\\{name}{{x}}" for name in (*ACCENTS, *STYLES)]
    tables = [rf"\begin{{{name}}} a & b \\ c & d \end{{{name}}}" for name in MATRICES]
    spaces = [f"a\\{name} b" for name in SPACES]
    made = [equation(tex, block=True) for tex in (*FORMULAS, *signs, *marks, *tables, *spaces)]
    assert not [code for code in made if code.startswith("raw(")]
    assert press(HEAD + "\n".join(f"#{code}" for code in made), {}, timestamp=0).startswith(b"%PDF")


@given(
    st.lists(
        st.sampled_from(
            [*"{}^_&'$#\"\\x1 [", r"\frac", r"\left", r"\right", r"\begin", r"\text", "{a}", r"\\"]
        )
    )
)
def test_hostile_tex_stays_within_texts_and_known_calls(parts: list[str]) -> None:
    code = re.sub(r'"(?:\\.|[^"\\])*"', '""', equation("".join(parts), block=False))
    words = set(re.findall(r"[A-Za-z][\w.]*", code))
    known = {
        "math",
        "raw",
        "symbol",
        "linebreak",
        "h",
        "em",
        "body",
        "block",
        "alt",
        "false",
        "true",
        "t",
        "b",
    }
    assert all(word.split(".")[0] in known for word in words), code
