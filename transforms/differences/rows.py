"""From the lake's rows back to the events and verdicts they hold, value for value."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from rules import Charge, Evaluation, Facts, Finding, evaluate
from schemas.amounts import plain_text
from schemas.events import event_id
from transforms.context import Context
from transforms.judge import charge_of, stored_text

_PLAIN = tuple(
    name
    for name in Charge._fields
    if name not in ("charge_date", "period_start_seconds_of_day", "period_seconds", "tags")
    and not name.endswith("_cost")
)
_MONEY = tuple(name for name in Charge._fields if name.endswith("_cost"))
_TIMES = ("charge_period_start", "charge_period_end")
CHARGE_COLUMNS = ("delivery_id", "ordinal", "charge_date", *_PLAIN, *_MONEY, *_TIMES)
"""The columns a charge is rebuilt from, beside `tags`."""
VERDICT_COLUMNS = ("cost_class", "tag_status")
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


class Compared(NamedTuple):
    """One event with the verdicts of both sides."""

    event_id: str
    charge: Charge
    before: Evaluation
    after: Evaluation


def charge_select(alias: str) -> str:
    """Return the SELECT list that `read_charge` reads, of a table or view."""
    columns = ", ".join(f"{alias}.{name}" for name in CHARGE_COLUMNS)
    return f"{columns}, json_format(cast({alias}.tags as json)) as tags"


def verdict_select(alias: str, prefix: str) -> str:
    """Return the SELECT list that `read_verdict` reads, each column's name behind a prefix."""
    plain = ", ".join(f"{alias}.{name} as {prefix}{name}" for name in VERDICT_COLUMNS)
    return (
        f"{plain}, json_format(cast({alias}.missing_tags as json)) as {prefix}missing_tags, "
        f"json_format(cast({findings_as_text(alias)} as json)) as {prefix}findings"
    )


def findings_as_text(alias: str) -> str:
    """Return an expression for the findings with amounts as text, which JSON keeps exactly."""
    return (
        f"transform({alias}.findings, f -> array[f.rule, f.severity, f.message, "
        "cast(f.amount as varchar), cast(f.expected as varchar)])"
    )


def read_charge(row: Mapping[str, Any]) -> tuple[str, Charge]:
    """Return a row's event id and the charge exactly as the transform saw it.

    Athena's timestamps end at the millisecond; a charge period is the same to any rule unless its
    bounds lie within one millisecond of a full second.
    """
    event: dict[str, Any] = {name: row[name] for name in _PLAIN}
    for name in _MONEY:
        event[name] = None if row[name] is None else plain_text(row[name])
    for name in _TIMES:
        event[name] = _micros(row[name])
    event["tags"] = None if row["tags"] is None else json.loads(row["tags"])
    return event_id(row["delivery_id"], row["ordinal"]), charge_of(event, row["charge_date"])


def read_verdict(row: Mapping[str, Any], prefix: str) -> Evaluation:
    """Return the verdict that a row holds."""
    return Evaluation(
        row[f"{prefix}cost_class"],
        row[f"{prefix}tag_status"],
        tuple(json.loads(row[f"{prefix}missing_tags"] or "[]")),
        tuple(_read_findings(row[f"{prefix}findings"])),
    )


def verdict_of(charge: Charge, context: Context, facts: Facts) -> Evaluation:
    """Judge a charge, with amounts as a row would hold them."""
    return as_stored(evaluate(charge, context.rule_set, facts))


def as_stored(verdict: Evaluation) -> Evaluation:
    """Return a verdict with the amounts of its findings rounded as a row holds them."""
    if not verdict.findings:
        return verdict
    return verdict._replace(findings=tuple(_stored(f) for f in verdict.findings))


def _stored(finding: Finding) -> Finding:
    expected = finding.expected
    return Finding(
        finding.rule,
        finding.severity,
        finding.message,
        Decimal(stored_text(finding.amount)),
        None if expected is None else Decimal(stored_text(expected)),
    )


def _read_findings(text: str | None) -> Iterator[Finding]:
    for rule, severity, message, amount, expected in json.loads(text or "[]"):
        yield Finding(
            rule,
            severity,
            message,
            Decimal(amount),
            None if expected is None else Decimal(expected),
        )


@lru_cache(maxsize=65_536)
def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
