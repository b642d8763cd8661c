"""A difference as plain values for JSON; amounts are texts, every digit and no more."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from infra.difference_report.words import reason
from schemas.amounts import plain_text
from transforms.differences.model import Difference


def as_document(difference: Difference) -> dict[str, Any]:
    """Return everything a difference says, with names for the groups and reasons in words."""
    told = asdict(difference)
    told["rows"], told["same"] = difference.rows, difference.same
    told["unmatched"] = dict(zip(("only_a", "only_b"), difference.unmatched, strict=True))
    by = difference.by
    for row, count in zip(told["findings"], difference.findings, strict=True):
        row["key"] = dict(zip(by, count.key, strict=True))
        row["net"] = count.net
    for row, total in zip(told["totals"], difference.totals, strict=True):
        del row["key"]
        row["net"] = total.net
    dimensions = [name for name in by if name != "rule"]
    for row, rows in zip(told["classes"], difference.classes, strict=True):
        row["key"] = dict(zip(dimensions, rows.key, strict=True))
    for row, example in zip(told["examples"], difference.examples, strict=True):
        row["reason"]["words"] = reason(example.reason)
    for row, found in zip(told["reasons"], difference.reasons, strict=True):
        row["words"] = reason(found)
    document: dict[str, Any] = _plain(told)
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain_text(value) if isinstance(value, Decimal) else value
