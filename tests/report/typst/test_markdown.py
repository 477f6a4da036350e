"""Markdown: what each construct becomes, and that words of one cell reach another."""

from __future__ import annotations

from typing import Any

import pytest

from cslib.report.typst.html import Table
from cslib.report.typst.markdown import Block, Book, anchor, blocks, gather


def made(*texts: str) -> list[Block]:
    def table(read: Table) -> Block:
        return Block("table", f"TABLE {len(read.head)}+{len(read.body)}")

    shared = Book(
        picture=lambda address, alt, title: None if "/" in address else f"PICTURE {alt}", table=table
    )
    gather(texts, shared)
    return [block for text in texts for block in blocks(text, shared)]


def only(text: str) -> str:
    [block] = made(text)
    return block.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("plain", '"plain"'),
        ("*a* **b** ~~c~~", '{emph("a"); " "; strong("b"); " "; strike("c")}'),
        ("`a#b`", 'raw("a#b")'),
        ("a\nb", '{"a"; " "; "b"}'),
        ("a  \nb", '{"a"; linebreak(); "b"}'),
        ("[a](https://example.org)", 'link("https://example.org", "a")'),
        ("[a](javascript:alert)", '"[a](javascript:alert)"'),
        ("[a](other.ipynb)", '"a"'),
        ("[a](#A-heading)", 'reach("A-heading", "a")'),
        ("- a\n- b", 'list(tight: true, "a", "b")'),
        ("3. a\n4. b", 'enum(tight: true, start: 3, "a", "b")'),
        ("- a\n  - b", 'list(tight: true, {"a"; list(tight: true, "b")})'),
        ("> a", 'quote(block: true, par("a"))'),
        ("---", "line(length: 100%, stroke: 0.5pt + rule)"),
        ("```python\nx = 1\n```", 'code("x = 1", "python")'),
        ("    x", 'code("x", none)'),
        ("| a |\n|---|\n| 1 |", "TABLE 1+1"),
        ("![words](a.png)", "PICTURE words"),
        ("![words](https://example.org/a.png)", 'emph("[Image not printed: words]")'),
        ("<b>a</b><br>c", '{strong("a"); linebreak(); "c"}'),
        ("<div>a <i>b</i></div>", '"a b"'),
        ("<script>alert(1)</script>", None),
        ("$$\nx\n$$", 'math.equation(block: true, alt: "x", symbol("x"))'),
        ("It costs $5 and $6", '"It costs $5 and $6"'),
        ("a $x$", '{"a "; math.equation(block: false, alt: "x", symbol("x"))}'),
    ],
)
def test_constructs(text: str, code: str | None) -> None:
    assert [block.code for block in made(text)] == ([] if code is None else [code])


def test_headings_say_their_level_and_words() -> None:
    [block] = made("### A *b* `c`")
    assert (block.kind, block.level, block.text) == ("heading", 3, "A b c")
    assert anchor(block.text) == "A-b-c"


def test_tasks_show_whether_they_are_done() -> None:
    code = only("- [x] done\n- [ ] open")
    assert code.index("☑") < code.index("done") < code.index("☐") < code.index("open")
    assert "marker: none" in code


def test_footnotes_and_links_are_found_in_other_cells() -> None:
    first, second, third = made("a[^n]", "[^n]: *note*\n\n[to]: https://example.org\n\nb[^n]", "[c][to]")
    assert first.code == '{"a"; [#footnote(emph("note"))#label("note:n")]}'
    assert second.code == '{"b"; footnote(label("note:n"))}'
    assert third.code == 'link("https://example.org", "c")'


def test_a_footnote_without_a_text_is_printed_as_written() -> None:
    assert only("a[^n]") == '"a[^n]"'


def test_an_inline_footnote() -> None:
    assert only("a^[b]") == '{"a"; footnote("b")}'


def test_blocks_know_what_they_are() -> None:
    kinds: Any = [block.kind for block in made("# h\n\np\n\n![](a.png)\n\n| a |\n|--|\n\n```\nx\n```")]
    assert kinds == ["heading", "prose", "picture", "table", "wide"]
