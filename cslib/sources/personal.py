"""Personal data does not enter a book unless the company says so: contacts, mails, phones and free text are left out.

Columns are left out by what they are called and by what they hold. An id that is somebody's mail address becomes a
pseudonym, the same in every table, so that what belongs together still does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final

import pandas as pd

from cslib.sources.canonical import Loaded
from cslib.tables import TABLES, listed

__all__ = ["is_personal", "spare"]

_WORDS: Final = frozenset(
    {"email", "emails", "mail", "phone", "phones", "mobile", "cell", "tel", "telephone", "fax", "firstname"}
    | {"lastname", "surname", "fullname", "birthday", "birthdate", "dob", "ssn", "passport", "iban", "street"}
    | {"zip", "zipcode", "postcode", "postal", "address", "salutation", "linkedin", "twitter"}
)
_PAIRS: Final = re.compile(
    r"(^| )((first|last|middle|given|family|contact|customer contact|person|user|billing contact|full) name|"
    r"e mail|line ?[12]|birth date|date of birth|ip address)( |$)"
)
_FREE: Final = frozenset(
    {"comment", "comments", "note", "notes", "description", "message", "body", "remark", "remarks"}
    | {"feedback_text", "free_text", "details", "verbatim"}
)
_MAIL: Final = r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"
_PHONE: Final = r"(\+|\(|00)[0-9][0-9 ()./-]{6,18}[0-9]"
_OURS: Final = ("file", "line", "cause")
_OF_THE_CONTRACT: Final = {"surveys": ("comment",)}


def is_personal(name: str) -> bool:
    """Whether a column of this name holds contact data or free text.

    >>> [is_personal(name) for name in ("Contact E-Mail", "LastName", "name", "country", "mailing_list_size")]
    [True, True, False, False, False]
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).split()
    return (
        bool(_WORDS & set(words))
        or bool(_PAIRS.search(" ".join(words)))
        or "_".join(words) in _FREE
        or (bool(words) and words[-1] in ("comment", "comments", "notes"))
    )


def _holds_people(values: pd.Series) -> bool:
    """Whether at least half of what a text column holds are mail addresses or phone numbers."""
    some = values.dropna().drop_duplicates().head(2_000)
    if not len(some):
        return False
    text = some.str.strip()
    return bool((text.str.fullmatch(_MAIL) | text.str.fullmatch(_PHONE)).mean() >= 0.5)


def _pseudonym(text: str, key: bytes) -> str:
    return "p-" + blake2b(text.strip().lower().encode(), key=key, digest_size=6).hexdigest()


def _masked(values: pd.Series, key: bytes) -> tuple[pd.Series, int]:
    """Column with every mail address replaced, and how many cells that were."""
    if not values.str.contains("@", regex=False).any():
        return values, 0
    codes, found = pd.factorize(values)
    texts = pd.Series(found, dtype="str")
    mails = texts.str.strip().str.fullmatch(_MAIL).fillna(False).astype(bool)
    if not mails.any():
        return values, 0
    texts[mails] = texts[mails].map(lambda text: _pseudonym(text, key))
    masked = texts.reindex(codes)
    return pd.Series(masked.to_numpy(), index=values.index, dtype="str"), int(
        mails.to_numpy()[codes][codes >= 0].sum()
    )


def spare(loaded: Mapping[str, Loaded], *, key: bytes) -> tuple[dict[str, Loaded], tuple[str, ...]]:
    """Tables without columns of personal data, with pseudonyms for ids that are mail addresses, and what was done.

    Parameters
    ----------
    loaded : mapping of str to Loaded
        Tables as read.
    key : bytes
        What pseudonyms are made with, at most 64 bytes; of one company always the same.
    """
    tables, notes = {}, []
    for name, one in loaded.items():
        frame = one.frame
        ours = set(TABLES[name].column) - set(_OF_THE_CONTRACT.get(name, ()))
        text = [c for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype)]
        gone = [c for c in text if c not in ours and (is_personal(str(c)) or _holds_people(frame[c]))]
        if gone:
            notes.append(
                f"{name}: left out as personal data or free text: {listed(map(str, gone))} "
                '(personal = "keep" in company.toml keeps them).'
            )
        frame = frame.drop(columns=gone)
        n = 0
        for column in text:
            if column in frame:
                masked, here = _masked(frame[column], key)
                if here:
                    frame, n = frame.assign(**{str(column): masked}), n + here
        if n:
            notes.append(f"{name}: {n:,} cells that are mail addresses are replaced by pseudonyms.")
        tables[name] = replace(one, frame=frame, rejected=_left(one.rejected, gone, key))
    return tables, tuple(notes)


def _left(rows: pd.DataFrame, gone: list[str], key: bytes) -> pd.DataFrame:
    """Rows that were left out, without what was left out of the others."""
    told = [c for c in rows.columns if c not in _OURS]
    hidden = [c for c in told if c in gone or is_personal(str(c))]
    if len(rows):
        hidden += [c for c in told if c not in hidden and _holds_people(rows[c].astype("str"))]
    rows = rows.drop(columns=hidden)
    masked = {str(c): _masked(rows[c].astype("str"), key)[0] for c in rows if c not in _OURS}
    return rows.assign(**masked) if len(rows) else rows
