"""Commands about numbers: ``metrics`` computes them under any convention, ``conventions`` says what they mean."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cslib.cli.text import aligned, money, percent, printable

if TYPE_CHECKING:
    import pandas as pd

    from cslib.book import Book
    from cslib.conventions import Convention

__all__ = ["conventions", "metrics"]


def metrics(arguments: argparse.Namespace) -> int:
    """Print the headline metrics of a company, under the conventions asked for."""
    from cslib.book import Book
    from cslib.months import months_before

    try:
        start = months_before(arguments.as_of, arguments.window)
    except ValueError:
        raise ValueError(f"window: found {arguments.window}, which reaches back before the year 1") from None
    _check(arguments)
    book = Book.load(arguments.folder, as_of=arguments.as_of)
    if arguments.all_conventions:
        frame = _compared(book, arguments)
        text = _document if arguments.json else _comparison
    else:
        frame = _headline(book, arguments)
        text = _document if arguments.json else _page
    print(text(book, frame, window=arguments.window, start=start))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what conventions cannot be combined with, before anything is read."""
    asked = "--all-conventions" if arguments.all_conventions else "--convention"
    if not (arguments.all_conventions or arguments.convention):
        return
    for name in ("by", "base"):
        if getattr(arguments, name):
            raise ValueError(f"--{name}: cannot be combined with {asked}, which looks at the whole book")
    if arguments.all_conventions and arguments.convention:
        raise ValueError("--convention: not with --all-conventions, which has every one")


def _known(book: Book) -> tuple[Convention, ...]:
    """All conventions; one of the company's own stands in for a preset of its name."""
    from cslib.conventions import CONVENTIONS

    by_name = {(c.metric, c.name): c for c in (*CONVENTIONS, *book.conventions)}
    return tuple(by_name.values())


def _only(frame: pd.DataFrame, wanted: Sequence[str] | None) -> pd.DataFrame:
    known = list(dict.fromkeys(frame["metric"]))
    for metric in wanted or []:
        if metric not in known:
            raise ValueError(f"metric: found {metric!r}, expected one of {', '.join(known)}")
    return frame[frame["metric"].isin(wanted)] if wanted else frame


def _headline(book: Book, arguments: argparse.Namespace) -> pd.DataFrame:
    """Headline metrics; a ratio is computed under the convention asked for, or else the company's own default."""
    import pandas as pd

    from cslib.metrics.forms import under
    from cslib.metrics.retention import headline

    frame = headline(book, window=arguments.window, by=arguments.by or None, base=arguments.base)
    frame = _only(frame, arguments.metric)
    metrics = list(dict.fromkeys(frame["metric"]))
    chosen = _chosen(book, arguments.convention or [], metrics=metrics)
    if not (arguments.convention or arguments.by or arguments.base):
        chosen = [c for c in _known(book) if c.name == book.convention != "endpoint" and c.metric in metrics]
    if not chosen:
        return frame
    replaced = {c.metric for c in chosen}
    rows = [frame[~frame["metric"].isin(replaced)]]
    rows += [under(book, convention, window=arguments.window) for convention in chosen]
    order = {metric: place for place, metric in enumerate(dict.fromkeys(frame["metric"]))}
    return pd.concat(rows, ignore_index=True).sort_values("metric", key=lambda c: c.map(order), kind="stable")


def _chosen(book: Book, names: Sequence[str], *, metrics: Sequence[str]) -> list[Convention]:
    """Conventions of the `names`, for the ratios among `metrics` that have one."""
    from difflib import get_close_matches

    from cslib.metrics.forms import RATIOS

    known = [c for c in _known(book) if c.metric in RATIOS and c.metric in metrics]
    for name in names:
        if name not in {c.name for c in known}:
            options = list(dict.fromkeys(c.name for c in known))
            near = get_close_matches(name, options, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            expected = ", ".join(options) or f"none, as only {', '.join(RATIOS)} have conventions to choose"
            raise ValueError(f"convention: found {name!r}, expected one of {expected}.{hint}")
    return [c for c in known if c.name in names]


def _compared(book: Book, arguments: argparse.Namespace) -> pd.DataFrame:
    from cslib.metrics.forms import RATIOS, compare_conventions

    every = [c for c in _known(book) if c.metric in RATIOS]
    return _only(compare_conventions(book, every, window=arguments.window), arguments.metric)


# --- what is printed


def _document(book: Book, frame: pd.DataFrame, *, window: int, start: dt.date) -> str:
    """The one JSON document of ``cslib metrics --json``."""
    from cslib.record import FIXED, record

    about = {
        "as_of": book.as_of.isoformat(),
        "start": start.isoformat(),
        "window_months": window,
        "currency": book.currency,
        "minor_units": book.minor_units,
    }
    beside = ["title", "difference", "known_error", "causes"]  # of a comparison, for people
    rows = record(frame.drop(columns=beside, errors="ignore")).records
    errors = frame["known_error"].tolist() if "known_error" in frame else [False] * len(rows)
    assert set(FIXED) <= set(frame.columns)
    documents = [
        _as_json(row) | ({"warning": True} if known else {}) for row, known in zip(rows, errors, strict=True)
    ]
    return json.dumps({**about, "metrics": documents}, indent=2, allow_nan=False)


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    whole = {
        name: None if row[name] is None else int(row[name])
        for name in ("numerator", "denominator", "n_accounts")
    }
    keys = ("metric", "convention", "by", "value", "numerator", "denominator", "n_accounts", "unit")
    return {key: whole.get(key, row[key]) for key in keys}


def _page(book: Book, frame: pd.DataFrame, *, window: int, start: dt.date) -> str:
    """What a person reads: a table, and under it what each number means."""
    from cslib.record import record

    rows = record(frame).records
    by = list(rows[0]["by"]) if rows else []
    table = [[*by, "metric", "value", "of", "accounts", "unit", "convention"]]
    for row in rows:
        fraction = "" if row["denominator"] is None else " / ".join(
            _amount(row[part], row["metric"], book.minor_units) for part in ("numerator", "denominator")
        )  # fmt: skip
        cut = [str(value if value is not None else "(blank)") for value in row["by"].values()]
        table.append(
            [
                *cut,
                row["metric"],
                _value(row, book.minor_units),
                fraction,
                f"{row['n_accounts']:,}",
                row["unit"],
                row["convention"],
            ]
        )
    head = f"{book.name} as of {book.as_of}, {book.currency}; retention and movements over {window} months from {start}"
    pairs = dict.fromkeys((row["metric"], row["convention"]) for row in rows)
    notes = [f"Note: {note}" for note in book.notes]
    return printable(
        "\n".join([head, "", aligned(table), "", *_meanings(book, pairs, window=window), *notes])
    )


def _meanings(book: Book, pairs: Iterable[tuple[str, str]], *, window: int) -> list[str]:
    """The sentence of each metric and convention, and a warning where it is a known error."""
    known = {(c.metric, c.name): c for c in _known(book)}
    found = [known[pair] for pair in pairs if pair in known]
    return [
        f"{c.metric}: {_sentence(c, window=window)}" + (" Warning: a known error." if c.known_error else "")
        for c in found
    ]


def _sentence(convention: Convention, *, window: int) -> str:
    return convention.text.replace("{months}", str(convention.window or window))


def _comparison(book: Book, frame: pd.DataFrame, *, window: int, start: dt.date) -> str:
    """Every ratio under every convention, largest first, with its distance from the default and its causes."""
    from cslib.conventions import DEFAULTS

    names = _names(book)
    table = [["metric", "convention", "value", "points", "because of", ""]]
    spreads = []
    for metric, rows in frame.groupby("metric", sort=False):
        for row in rows.sort_values("value", ascending=False, kind="stable").to_dict("records"):
            default = DEFAULTS[str(metric)].name == row["convention"]
            mark = "WARNING: a known error" if row["known_error"] else "default" if default else ""
            causes = ", ".join(
                f"{names.get(account, account)} {_points(effect, unit=row['unit'])}"
                for account, effect in row["causes"]
            )
            away = "" if default else _points(row["difference"], unit=row["unit"])
            table.append(
                [str(metric), row["convention"], percent(row["value"], unit=row["unit"]), away, causes, mark]
            )
        honest = rows.loc[~rows["known_error"], "value"].dropna()
        if len(honest) > 1:
            unit = rows["unit"].iloc[0]
            low, high = (percent(value, unit=unit) for value in (honest.min(), honest.max()))
            width = _points(honest.max() - honest.min(), unit=unit).lstrip("+")
            spreads.append(f"{metric}: from {low} to {high}, {width} apart; known errors left out")
    head = f"{book.name} as of {book.as_of}, {book.currency}; every convention, over {window} months from {start}"
    under = [
        "points: less the default; percentage points, or plain where the ratio is to one.",
        "because of: accounts that move the difference most, and by how much it would shrink without each.",
    ]
    return printable("\n".join([head, "", aligned(table), "", *spreads, "", *under]))


def _names(book: Book) -> dict[str, str]:
    accounts = book.tables.get("accounts")
    if accounts is None or "name" not in accounts:
        return {}
    return dict(zip(accounts["account_id"], accounts["name"], strict=True))


def _points(difference: float, *, unit: str) -> str:
    if difference != difference:
        return ""
    return f"{100 * difference:+.2f}" if unit == "ratio" else f"{difference:+.3f}"


def _value(row: Mapping[str, Any], minor_units: int) -> str:
    ratio = row["value"] is None or row["unit"].startswith("ratio")
    return percent(row["value"], unit=row["unit"]) if ratio else money(row["value"], minor_units)


def _amount(value: float, metric: str, minor_units: int) -> str:
    return f"{int(value):,}" if metric == "logo_retention" else money(value, minor_units)


# --- conventions


def conventions(arguments: argparse.Namespace) -> int:
    """List the conventions, a company's own among them."""
    from cslib.conventions import CONVENTIONS, DEFAULTS

    own = _own(arguments)
    known = tuple({(c.metric, c.name): c for c in (*CONVENTIONS, *own)}.values())
    if arguments.metric:
        metrics = list(dict.fromkeys(c.metric for c in known))
        if arguments.metric not in metrics:
            raise ValueError(f"metric: found {arguments.metric!r}, expected one of {', '.join(metrics)}")
        known = tuple(c for c in known if c.metric == arguments.metric)
    told = [(c, _sentence(c, window=12), DEFAULTS[c.metric] == c) for c in known]
    if arguments.json:
        print(json.dumps([_listed(*each) for each in told], indent=2, ensure_ascii=False))
        return 0
    for metric in dict.fromkeys(c.metric for c in known):
        print(metric)
        for convention, text, default in (each for each in told if each[0].metric == metric):
            mark = " (default)" if default else " (WARNING: a known error)" if convention.known_error else ""
            print(printable(f"  {convention.name}{mark}: {convention.title}"))
            print(printable(f"      {text}\n      Source: {convention.source}"))
    return 0


def _listed(convention: Convention, text: str, default: bool) -> dict[str, object]:
    return {
        "metric": convention.metric,
        "convention": convention.name,
        "title": convention.title,
        "sentence": text,
        "source": convention.source,
        "default": default,
        **({"warning": True} if convention.known_error else {}),
    }


def _own(arguments: argparse.Namespace) -> tuple[Convention, ...]:
    """Conventions that the company in the folder defines, if one is given."""
    if arguments.folder is None:
        return ()
    from cslib.sources.company import load_config

    return load_config(arguments.folder).conventions
