"""What net retention, gross retention and the rest mean here. Data, not branches: a convention is one record.

The same ledger gives a net retention of 64% or 107% under conventions that companies publish, so no number
leaves cslib without the name of its convention, and every name has a sentence that can be printed under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args, get_type_hints

__all__ = [
    "CONVENTIONS",
    "DEFAULTS",
    "GAINS",
    "LOSSES",
    "Convention",
    "define",
    "definitions",
    "find",
    "sentence",
]

GAINS: Final = ("new", "expansion", "reactivation")
LOSSES: Final = ("contraction", "churn")


@dataclass(frozen=True)
class Convention:
    """A named way to compute one metric.

    Attributes
    ----------
    name, metric : str
        The pair that identifies the record; `name` is printed beside every number.
    title : str
        What a reader calls it.
    text : str
        One sentence, printed under the number; ``{months}`` is the length of the window.
    source : str
        Who defines it so, or publishes it.
    form : str
        What is compared: ``level`` (one reading), ``endpoints`` (two readings, account by account), ``flows`` (the
        opening and every month's movements), ``revenue`` (sums of months); ``survivors`` and ``totals`` are errors.
    periods, combine : str
        The whole ``window`` as one period, its ``months``, or the twelve windows that ended in the last twelve months
        (``points``); and how the ratios of the periods become one: ``ratio_of_sums``, ``product``,
        ``mean_to_the_12th``, ``weighted_mean_to_the_12th``.
    window : int or None
        Months of the window; None takes what is asked for.
    whose_flows : str
        ``starters`` are the accounts that paid at the opening.
    reactivation : str
        Whether money that left and came back counts: as the ``endpoint`` shows, ``include`` or ``exclude`` its flows.
    losses : str
        ``churn`` leaves contraction out, ``contraction`` leaves churn out.
    gross_cap : str
        ``account``: no account counts for more than it paid at the opening.
    base : str
        Money behind the ratio.
    entity : str
        Who is followed: account, parent, subscription or product.
    minimum_mrr : int
        Accounts below it at the opening are left out; in whole units of the reporting currency.
    where : str
        ``column=value`` of the accounts that count; empty for all.
    churn_date : str
        When an account is lost: at the ``end of service``, on the day of ``notice``, or at the ``end of term``.
    known_error : bool
        Offered only as a warning beside the others.
    """

    name: str
    metric: str
    title: str
    text: str
    source: str
    form: Literal["level", "endpoints", "flows", "revenue", "survivors", "totals"] = "endpoints"
    periods: Literal["window", "months", "points"] = "window"
    combine: Literal["ratio_of_sums", "product", "mean_to_the_12th", "weighted_mean_to_the_12th"] = (
        "ratio_of_sums"
    )
    window: int | None = None
    whose_flows: Literal["starters", "everyone"] = "starters"
    reactivation: Literal["endpoint", "include", "exclude"] = "endpoint"
    losses: Literal["contraction and churn", "churn", "contraction"] = "contraction and churn"
    gross_cap: Literal["account", "none"] = "none"
    base: Literal["arr", "mrr", "revenue"] = "arr"
    entity: Literal["account", "parent", "subscription", "product"] = "account"
    minimum_mrr: int = 0
    where: str = ""
    churn_date: Literal["end of service", "notice", "end of term"] = "end of service"
    known_error: bool = False

    @property
    def of_accounts(self) -> bool:
        """Whether it follows accounts to the end of their service: all that a ledger in its database is asked for."""
        return self.entity == "account" and self.churn_date == "end of service"


_HOUSE: Final = "cslib, tied to net retention so that the bridge closes"
_PLAYBOOK: Final = "a form of dashboards and spreadsheets"

CONVENTIONS: Final[tuple[Convention, ...]] = (
    # --- levels and movements -------------------------------------------------------------------------------------
    Convention(
        "month end", "arr", "Annual recurring revenue",
        "Twelve times the recurring price in force at the end of the day.",
        "SaaS Metrics Standards Board, ARR", form="level"),
    Convention(
        "month end", "mrr", "Monthly recurring revenue",
        "The monthly recurring price in force at the end of the day.",
        "SaaS Metrics Standards Board, MRR", form="level", base="mrr"),
    Convention(
        "endpoint", "new", "New",
        "Accounts that never paid before the window opened and pay now.", _HOUSE, whose_flows="everyone"),
    Convention(
        "endpoint", "expansion", "Expansion",
        "What accounts pay now above what they paid when the window opened.", _HOUSE),
    Convention(
        "endpoint", "reactivation", "Reactivation",
        "Accounts that paid nothing when the window opened, had paid before, and pay now.", _HOUSE,
        whose_flows="everyone"),
    Convention(
        "endpoint", "contraction", "Contraction",
        "What accounts that still pay have given up since the window opened.", _HOUSE),
    Convention(
        "endpoint", "churn", "Churn",
        "What accounts that pay nothing now paid when the window opened.", _HOUSE),
    # --- net retention --------------------------------------------------------------------------------------------
    Convention(
        "endpoint", "net_retention", "Net revenue retention",
        "What the accounts of {months} months ago pay now, over what they paid then; new accounts never enter.",
        "SaaS Metrics Standards Board, cohort method; MariaDB, PostHog, GitLab, Kellogg"),
    Convention(
        "starters' flows", "net_retention", "Bridge of the starting accounts",
        "The opening and every month's movements of the accounts that paid at the opening; equals the endpoints.",
        "the correct bridge", form="flows", reactivation="include"),
    Convention(
        "starters' flows without reactivation", "net_retention", "Bridge of the starting accounts, returns left out",
        "The opening and every month's movements of the accounts that paid at the opening; who came back is left out.",
        "bruin-data/bruin, Stripe template", form="flows", reactivation="exclude"),
    Convention(
        "everyone's flows", "net_retention", "Bridge of everyone's movements",
        "The opening and every month's expansion, reactivation, contraction and churn, of later accounts too.",
        "ChartMogul's printed formula, over a year", form="flows", whose_flows="everyone", reactivation="include"),
    Convention(
        "everyone's flows without reactivation", "net_retention", "Bridge of everyone's movements, returns left out",
        "The opening and every month's expansion, contraction and churn, of later accounts too.",
        "'lazy NRR'", form="flows", whose_flows="everyone", reactivation="exclude"),
    Convention(
        "product of months", "net_retention", "Product of monthly net retentions",
        "The net retention of each of the {months} months, multiplied; who left and came back is gone.",
        _PLAYBOOK, periods="months", combine="product"),
    Convention(
        "mean month annualised", "net_retention", "Mean monthly net retention to the 12th power",
        "The plain mean of the monthly net retentions, to the 12th power.",
        "annualisers", periods="months", combine="mean_to_the_12th"),
    Convention(
        "weighted month annualised", "net_retention", "Weighted mean monthly net retention to the 12th power",
        "The MRR-weighted mean of the monthly net retentions, to the 12th power.",
        "HubSpot-like", periods="months", combine="weighted_mean_to_the_12th"),
    Convention(
        "trailing points", "net_retention", "Weighted mean of the trailing twelve net retentions",
        "The ARR-weighted mean of the net retentions at the last twelve month ends.",
        "Datadog, Elastic", periods="points"),
    Convention(
        "24-month revenue", "net_retention", "Revenue of the second year over the first",
        "Accounts with revenue in the first of 24 months: revenue of months 13 to 24 over that of months 1 to 12.",
        "Snowflake 10-K", form="revenue", window=24, base="revenue"),
    Convention(
        "quarter's revenue", "net_retention", "Quarterly revenue against a year ago",
        "Accounts with revenue in the same quarter a year ago: revenue of this quarter over that one.",
        "a public-company style", form="revenue", window=3, base="revenue"),
    Convention(
        "over 50 a month", "net_retention", "Accounts of at least 50 a month",
        "As endpoints, of accounts that paid at least 50 a month at the opening.",
        "threshold filers", minimum_mrr=50),
    Convention(
        "enterprise only", "net_retention", "Enterprise accounts only",
        "As endpoints, of accounts in the segment Enterprise.",
        "filers that leave small customers out", where="segment=Enterprise"),
    Convention(
        "survivors only", "net_retention", "Accounts that still pay",
        "Leaves out every account that was lost, so it cannot show a loss.",
        "common misuse", form="survivors", known_error=True),
    # --- gross retention ------------------------------------------------------------------------------------------
    Convention(
        "endpoint", "gross_retention", "Gross revenue retention",
        "As net retention, with no account above what it paid {months} months ago.",
        "PostHog, GitLab, Workday-like", gross_cap="account"),
    Convention(
        "starters' losses", "gross_retention", "Every month's losses of the starting accounts",
        "The opening less every fall of the accounts that paid at the opening, also where they rose again.",
        "ChartMogul and bruin form", form="flows", gross_cap="account"),
    Convention(
        "everyone's losses", "gross_retention", "Every month's losses of everyone",
        "The opening less every fall of any account, of those that joined later too; can be negative.",
        "ChartMogul's printed formula, over a year", form="flows", whose_flows="everyone", gross_cap="account"),
    Convention(
        "product of months", "gross_retention", "Product of monthly gross retentions",
        "The gross retention of each of the {months} months, multiplied.",
        _PLAYBOOK, periods="months", combine="product", gross_cap="account"),
    Convention(
        "churn only", "gross_retention", "Churn only",
        "The opening less what lost accounts paid at it; contraction is left out.",
        "'revenue retention'; Baremetrics", losses="churn", gross_cap="account"),
    Convention(
        "contraction only", "gross_retention", "Contraction only",
        "The opening less what accounts that still pay have given up; churn is left out.",
        "the other part of gross retention; with churn only it makes the whole", losses="contraction",
        gross_cap="account"),
    Convention(
        "min of totals", "gross_retention", "Smaller of the two totals",
        "The smaller of closing and opening ARR over opening ARR: new business hides every loss.",
        "a vendor's documentation example", form="totals", gross_cap="account", known_error=True),
    # --- logo retention -------------------------------------------------------------------------------------------
    Convention(
        "endpoint", "logo_retention", "Logo retention",
        "Accounts of {months} months ago that still pay, over all accounts of {months} months ago.",
        "fight-churn, listing 2.2"),
    Convention(
        "product of months", "logo_retention", "Product of monthly logo retentions",
        "The logo retention of each of the {months} months, multiplied.",
        _PLAYBOOK, periods="months", combine="product"),
    # --- quick ratio ----------------------------------------------------------------------------------------------
    Convention(
        "flow", "quick_ratio", "Quick ratio",
        "New and expansion over contraction and churn, month by month for {months} months; reactivation left out.",
        "Mamoon Hamid, SaaS quick ratio", form="flows", whose_flows="everyone", reactivation="exclude"),
    Convention(
        "flow with reactivation", "quick_ratio", "Quick ratio with reactivation",
        "New, expansion and reactivation over contraction and churn, month by month for {months} months.",
        "ChartMogul", form="flows", whose_flows="everyone", reactivation="include"),
)  # fmt: skip
"""All conventions, each one record; `metric` and `name` together are unique. The first of a metric is its default."""

DEFAULTS: Final = {convention.metric: convention for convention in reversed(CONVENTIONS)}
"""The convention of each metric when none is asked for."""

_HINTS: Final = {name: hint for name, hint in get_type_hints(Convention).items() if name != "name"}


def define(name: str, record: Mapping[str, Any]) -> Convention:
    """Convention of a company's own, from the fields of its table ``[conventions."name"]``.

    What is left out is as in the default of the metric.

    Raises
    ------
    ValueError
        When a field is unknown or holds something it cannot; the message lists what it can.

    Examples
    --------
    >>> define("large", {"metric": "net_retention", "minimum_mrr": 1000}).form
    'endpoints'
    """
    metric = record.get("metric")
    if metric not in DEFAULTS:
        raise ValueError(
            f"convention {name!r}: metric: found {metric!r}, expected one of {', '.join(sorted(DEFAULTS))}"
        )
    for field, value in record.items():
        if field not in _HINTS:
            near = get_close_matches(field, _HINTS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ValueError(
                f"convention {name!r}: found {field!r}, expected one of {', '.join(_HINTS)}.{hint}"
            )
        allowed = get_args(_HINTS[field])
        choices = [a for a in allowed if isinstance(a, str)]
        if choices and value not in choices:
            raise ValueError(
                f"convention {name!r}: {field}: found {value!r}, expected one of {', '.join(choices)}"
            )
        kinds = tuple(a for a in allowed if isinstance(a, type)) if allowed else (_HINTS[field],)
        if not choices and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise ValueError(f"convention {name!r}: {field}: found {value!r}, expected {kinds[0].__name__}")
    given = {f.name: getattr(DEFAULTS[metric], f.name) for f in fields(Convention)}
    words = {"title": name, "text": f"The company's own: {name}.", "source": "the company's own"}
    return Convention(**{**given, **words, **record, "name": name})


def find(name: str, metric: str, *, own: tuple[Convention, ...] = ()) -> Convention:
    """Convention of a metric by its name, the company's own first.

    Raises
    ------
    ValueError
        When the metric has no convention of that name; the message lists those it has.
    """
    known = {c.name: c for c in (*CONVENTIONS, *own) if c.metric == metric}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"convention: found {name!r} for {metric}, expected one of {', '.join(known)}.{hint}"
        )
    return known[name]


def definitions(*, window: int = 12) -> list[tuple[str, str, str, str]]:
    """Metric, convention, sentence and source of every default, in order; for the page a report ends with."""
    defaults = (c for c in CONVENTIONS if DEFAULTS[c.metric] is c)
    return [(c.metric, c.name, sentence(c.metric, window=window), c.source) for c in defaults]


def sentence(metric: str, *, window: int = 12) -> str:
    """Sentence that is printed under a number of `metric` over a window of `window` months.

    >>> sentence("gross_retention")
    'As net retention, with no account above what it paid 12 months ago.'
    """
    return DEFAULTS[metric].text.format(months=window)
