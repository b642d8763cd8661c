"""Why an event's row says what it says: each rule's verdict, and the facts it rested on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from rules import Charge, Evaluation, Facts, evaluate
from rules.model import rule_name
from rules.recording import Recorded, recorded
from transforms.audit_sources import rows_of
from transforms.context import Context
from transforms.differences.rows import (
    as_stored,
    charge_select,
    read_charge,
    read_verdict,
    verdict_select,
)
from transforms.errors import EventError
from transforms.ports import Query
from transforms.tallies import Day

_EVENT = re.compile(r"(?P<delivery>[^:']+):(?P<ordinal>\d{1,18})\Z")
_VERSIONS = ("rules_version", "policy_version", "baseline_version")


@dataclass(frozen=True, slots=True)
class Stored:
    """What the lake holds of an event under one evaluation."""

    versions: Mapping[str, str]
    """`rules_version`, `policy_version` and `baseline_version` as they stand in the row."""
    verdict: Evaluation


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule's verdict, and what it read."""

    rule: str
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Explanation:
    """An event, what it was judged by, what each rule says, and whether the lake says the same."""

    event_id: str
    charge: Charge
    context: Context
    facts: Facts
    rules: tuple[Explained, ...]
    verdict: Evaluation
    stored: Stored | None
    """None where the event has no row under the evaluation."""

    @property
    def agrees(self) -> bool:
        """Whether the row says what the rules say now; so it does where there is no row."""
        return self.stored is None or self.stored.verdict == self.verdict


def explain(query: Query, context: Context, event: str, active: str) -> Explanation:
    """Explain one event.

    Args:
        query: the lake, in SQL.
        context: the evaluation to explain it by.
        event: `DELIVERY:ORDINAL`; the delivery's id may be cut short.
        active: the active evaluation, whose row tells the event where the other has none.

    Raises:
        EventError: there is no such event, or the text names several deliveries.
    """
    delivery, ordinal = _parsed(event)
    days = _days(query, delivery, event)
    row = _row(query, context.evaluation, days, ordinal)
    known = row or _row(query, active, days, ordinal)
    if known is None:
        raise EventError(
            f"delivery {days[0][0]} has no event {ordinal} under {context.evaluation} or {active}; "
            "see: finops deliveries"
        )
    event_id, charge = read_charge(known)
    facts = Facts(context.policy, context.baselines.for_charge(charge))
    return Explanation(
        event_id=event_id,
        charge=charge,
        context=context,
        facts=facts,
        rules=tuple(
            Explained(rule_name(rule), recorded(rule, charge, facts))
            for rule in context.rule_set.rules
        ),
        verdict=as_stored(evaluate(charge, context.rule_set, facts)),
        stored=None if row is None else _stored(row),
    )


def _parsed(event: str) -> tuple[str, int]:
    found = _EVENT.match(event)
    if not found:
        raise EventError(
            f"{event!r} is not an event id; write DELIVERY:ORDINAL, as the column event_id has it"
        )
    return found["delivery"], int(found["ordinal"])


def _days(query: Query, beginning: str, event: str) -> list[Day]:
    """Return the days a delivery has rows of, so that only their partitions are read."""
    rows = query.rows(
        "select distinct delivery_id, json_format(cast(days as json)) as days "
        f"from deliveries where delivery_id like '{beginning}%'"
    )
    names = sorted({row["delivery_id"] for row in rows if row["delivery_id"].startswith(beginning)})
    if len(names) != 1:
        problem = "no delivery has" if not names else f"{len(names)} deliveries have"
        raise EventError(
            f"{problem} an id that begins like {event!r}; list them with: finops deliveries"
        )
    promised = [day for row in rows for day in orjson.loads(row["days"] or "[]") or ()]
    found = {(names[0], d["billing_period"], d["charge_date"]) for d in promised}
    if not found:
        raise EventError(
            f"delivery {names[0]} was never completed; run its ingest again, then ask again"
        )
    return sorted(found)


def _row(query: Query, evaluation: str, days: list[Day], ordinal: int) -> dict[str, Any] | None:
    versions = ", ".join(f"c.{name}" for name in _VERSIONS)
    rows = query.rows(
        f"select {charge_select('c')}, {versions}, {verdict_select('c', 'v_')} "
        f"from charges_stored c where {rows_of(evaluation, days)} and c.ordinal = {ordinal}"
    )
    # Copies differ in nothing, or in the baseline: the views show the first by version.
    rows.sort(key=lambda row: (row["baseline_version"], row["policy_version"]))
    return rows[0] if rows else None


def _stored(row: Mapping[str, Any]) -> Stored:
    return Stored({name: row[name] for name in _VERSIONS}, read_verdict(row, "v_"))
