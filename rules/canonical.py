"""One text form for equal values, so that a fingerprint names a value and not its spelling."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

_AMOUNT = re.compile(r"-?(0|[1-9]\d{0,25})(\.\d{1,12})?")
AMOUNT_ALLOWED = 'a plain decimal in quotes, such as "12.50", with at most 26 and 12 digits'


def canonical_json(document: object) -> bytes:
    """Return the document as JSON with sorted keys, no spaces and a final line feed, UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (text + "\n").encode()


def read_json(data: bytes) -> Any:
    """Parse JSON, refusing what silently loses data.

    Raises:
        ValueError: the bytes are not UTF-8 JSON, or an object has a key twice.
    """
    return json.loads(data.decode(), object_pairs_hook=_unique)


def fingerprint(data: bytes) -> str:
    """Return the first 12 hex digits of the SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()[:12]


def amount_text(amount: Decimal) -> str:
    """Return the shortest plain text of an amount.

    Raises:
        ValueError: the lake's `decimal(38,12)` cannot hold it.
    """
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        text = "0"
    read_amount(text)
    return text


def read_amount(text: object) -> Decimal:
    """Return the amount a canonical or at least plain text stands for.

    Raises:
        ValueError: it is not a text, not plain notation, or more than `decimal(38,12)` holds.
    """
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not {AMOUNT_ALLOWED}")
    return Decimal(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} appears twice")
    return document
