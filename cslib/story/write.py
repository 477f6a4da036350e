"""Findings -> Markdown, by one template file a language. Text from data is escaped here and nowhere else.

Every number that a sentence prints knows the value it was made from; one that does not is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Final

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket

from cslib import formats
from cslib.evidence import with_paths
from cslib.story.finding import Finding, plain
from cslib.story.rank import Summary
from cslib.words import retell

__all__ = [
    "MIME",
    "Printed",
    "Prose",
    "language",
    "notes",
    "prepare",
    "sentence",
    "tell",
    "write",
]

MIME: Final = "application/vnd.cslib.findings+json"
GROUP: Final = "group"  # findings about several companies have templates of their own
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&:@^=/\"'])")
_OPEN, _PART, _TEXT, _CLOSE = "\ue000\ue001\ue002\ue003"  # private characters
_OURS: Final = re.compile(f"[{_OPEN}{_PART}{_TEXT}{_CLOSE}\ue004]")
_MARK: Final = re.compile(
    f"{_OPEN}([^{_PART}]*){_PART}([^{_PART}]*){_PART}([^{_TEXT}]*){_TEXT}([^{_CLOSE}]*){_CLOSE}"
)
_FROM_THE_RIGHT: Final = frozenset({"ar"})
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks of direction
_PIECE: Final = (
    "\u2068{}\u2069"  # first strong isolate: a Latin name keeps its order in a line from the right
)
_KEPT: Final = "\ue004"  # a space inside text from data
_HAN: Final = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_LOOSE: Final = re.compile(f"(?<=[{_HAN}]) +| +(?=[{_HAN}])")  # Chinese is written without spaces
_KINDS: Final = ("money", "percent", "points", "count", "year", "day", "month")


@dataclass(frozen=True)
class Printed:
    """A number as a sentence prints it: its text, kind and value; `path` leads to it in the values of the finding.

    `key` names its row of a metric frame (see :mod:`cslib.evidence`), where it stands in one; `at` is where the text
    begins in the Markdown.
    """

    text: str
    kind: str
    path: str
    key: str
    at: int


@dataclass(frozen=True)
class Prose:
    """Markdown that a notebook shows as text, with the findings behind it for machines.

    `printed` belongs to the paragraphs in order; `refers` says after which character which tables are referred to;
    `currency` is that of the money.
    """

    markdown: str
    findings: tuple[Mapping[str, Any], ...] = ()
    printed: tuple[Printed, ...] = ()
    refers: tuple[tuple[int, tuple[str, ...]], ...] = ()
    currency: str = ""

    def __str__(self) -> str:
        return self.markdown

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {"text/markdown": self.markdown, "text/plain": self.markdown}
        if self.findings:
            data[MIME] = {"findings": list(self.findings)}
        links = [[p.at, p.at + len(p.text), p.key] for p in self.printed]
        refers = [[at, list(tables)] for at, tables in self.refers]
        words = {"numbers": links, "refers": refers, "currency": self.currency}
        return data, {"cslib": words} if links or refers else {}


def write(*findings: Finding, currency: str = "USD", locale: str = "en_US", lead: str = "") -> Prose:
    r"""Sentences of findings, in their order, one paragraph each.

    Parameters
    ----------
    *findings : Finding
        Facts; a finding that has nothing to say in its template is left out.
    currency : str
        ISO 4217 code of the money in minor units.
    locale : str
        Chooses the template file by its language, and the form of numbers and dates.
    lead : str
        Begins every paragraph, such as a list's dash.

    Raises
    ------
    jinja2.TemplateNotFound
        When there are no sentences in this language.
    KeyError
        When the language has no sentence for a kind of finding.
    jinja2.UndefinedError
        When a finding lacks a value that its sentence prints.
    ValueError
        When a sentence prints a number that is no value of its finding.

    Examples
    --------
    >>> print(write(Finding("arr", {"end": date(2026, 9, 30), "arr": 1240000000, "n": 412, "before": []})))
    Annual recurring revenue is **\$12.4M** from 412 accounts on Sep 30, 2026.
    """
    paragraphs: list[str] = []
    printed: list[Printed] = []
    refers: list[tuple[int, tuple[str, ...]]] = []
    told: list[dict[str, Any]] = []
    at = 0
    for finding in findings:
        text, numbers = sentence(finding, currency=currency, locale=locale)
        own = [Printed(p.text, p.kind, p.path, p.key, p.at + at + len(lead)) for p in numbers]
        record = plain(finding) | {"said": bool(text), "sentence": text}
        record["printed"] = [{"text": p.text, "kind": p.kind, "value": p.path, "number": p.key} for p in own]
        told.append(record)
        if not text:
            continue
        paragraphs.append(lead + text)
        printed += own
        at += len(lead) + len(text)
        if finding.tables:
            refers.append((at, finding.tables))
        at += 1 if lead else 2
    text = ("\n" if lead else "\n\n").join(paragraphs)
    return Prose(text, tuple(told), tuple(printed), tuple(refers), currency)


def tell(summary: Summary, *, currency: str = "USD", locale: str = "en_US") -> Prose:
    """Executive summary as a list; the output carries every finding, said and unsaid, with the reason why not."""
    prose = write(*summary.said, currency=currency, locale=locale, lead="- ")
    unsaid = [
        plain(choice.finding) | {"said": False, "reason": choice.reason}
        for choice in summary.choices
        if choice.reason
    ]
    said = [{**record, "reason": ""} for record in prose.findings]
    return replace(prose, findings=(*said, *unsaid))


def sentence(finding: Finding, *, currency: str, locale: str) -> tuple[str, list[Printed]]:
    """Sentence of one finding as Markdown in one line, and the numbers it prints, by place."""
    report, _, name = finding.kind.rpartition(".")
    place = f"{GROUP}/" if name.startswith(f"{GROUP}_") else f"{report}/" if report else ""
    template = f"{place}{language(locale)}.md.jinja"
    macro = getattr(_environment(locale, currency).get_template(template).make_module(), name, None)
    if macro is None:
        raise KeyError(f"templates/{template} has no sentence for findings of kind {finding.kind!r}")
    marked = re.sub(r"[ \t\n]+", " ", str(macro(**with_paths(finding.values)))).strip()
    marked = re.sub(r" (?=[.,;:!?،؛。，；：、])", "", marked)
    marked = (_LOOSE.sub("", marked) if language(locale) == "zh" else marked).replace(_KEPT, " ")
    printed: list[Printed] = []
    parts: list[str] = []
    length = last = 0
    for found in _MARK.finditer(marked):
        kind, path, key, text = found.groups()
        before = marked[last : found.start()]
        length += len(before)
        if not path and kind not in {"day", "month"}:
            raise ValueError(f"{finding.kind}: {text!r} is printed and is no value of the finding")
        printed.append(Printed(text, kind, path, key, length))
        parts += [before, text]
        length += len(text)
        last = found.end()
    return "".join([*parts, marked[last:]]), printed


def notes(*texts: str, locale: str = "en_US") -> Prose:
    r"""Plain facts as a list, text from data escaped; nothing when there are none.

    >>> print(notes("2 rows are *late*"))
    - 2 rows are \*late\*
    """
    told = [formats.one_line(retell(text, locale=locale)) for text in texts]
    kept = tuple({"kind": "note", "values": {"text": text}, "said": True} for text in told)
    return Prose("\n".join(f"- {_escape(text)}" for text in told), kept)


def language(locale: str) -> str:
    """Language of a locale, by which template files are named.

    >>> language("zh_CN")
    'zh'
    """
    return locale.split("_")[0]


class _Compiled(BytecodeCache):
    """Templates compiled once a process, for all locales and currencies; a kernel forked after that has them."""

    texts: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (text := self.texts.get(bucket.key)) is not None:
            bucket.bytecode_from_string(text)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.texts[bucket.key] = bucket.bytecode_to_string()


@pass_context
def _as_it_is(_: object, value: Any) -> Any:
    """What is printed; known to Jinja only when it is printed."""
    return value


def prepare() -> None:
    """Compile the English sentences of a report about one company, which most reports tell."""
    _environment("en_US", "USD").get_template("en.md.jinja")


@cache
def _environment(locale: str, currency: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("cslib.story"),
        undefined=StrictUndefined,
        autoescape=False,
        bytecode_cache=_Compiled(),
        optimized=False,  # nothing of one locale is folded into what all share,
        finalize=_as_it_is,  # be it an expression or what is printed
    )

    def marked(kind: str, make: Callable[..., str]) -> Callable[..., str]:
        def printed(value: Any, *args: Any, **named: Any) -> str:
            text = make(value, *args, **named)
            places = (kind, getattr(value, "path", ""), getattr(value, "key", ""))
            return _OPEN + _PART.join(places) + _TEXT + text + _CLOSE

        return printed

    def money(minor: float, exact: bool = False) -> str:
        told = (formats.exact_money if exact else formats.short_money)(minor, currency, locale=locale)
        return told.replace("$", "\\$")  # a dollar sign must not open a formula

    def points(ratio: float, *, signed: bool = False) -> str:
        return formats.points(ratio, locale=locale, signed=signed)

    numbers: Mapping[str, Callable[..., str]] = {
        "money": money,
        "percent": lambda ratio, digits=1: formats.percent(ratio, digits=digits, locale=locale),
        "points": points,
        "count": lambda n: formats.count(n, locale=locale),
        "year": lambda n: str(int(n)),
        "month": lambda when: formats.month(_day(when), locale=locale),
        "day": lambda when: formats.day(_day(when), locale=locale),
    }
    environment.filters |= {kind: marked(kind, numbers[kind]) for kind in _KINDS}
    environment.filters |= {
        "plural": lambda n, **forms: formats.plural(n, forms, locale=locale),
        "size": _size,
        "name": lambda text: _whole(formats.shortened(text, length=60), locale=locale),
        "plain": lambda text: _whole(formats.one_line(retell(text, locale=locale)), locale=locale),
        "listed": lambda parts: formats.listed(list(parts), locale=locale),
    }
    return environment


def _size(value: Any) -> Any:
    """Number without its sign; it goes on knowing where it comes from."""
    return with_paths(abs(value), value.path)


def _whole(text: str, *, locale: str) -> str:
    """Text from data, escaped, as one piece of the sentence: in its own direction and with its own spaces."""
    told = _escape(_TURNS.sub("", text))
    if language(locale) in _FROM_THE_RIGHT:
        return _PIECE.format(told)
    return told.replace(" ", _KEPT) if language(locale) == "zh" else told


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _OURS.sub("\N{REPLACEMENT CHARACTER}", text))


def _day(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when
