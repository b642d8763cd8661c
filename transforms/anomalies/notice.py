"""What people are told of new anomalies: one message a run, in words that need no console."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from schemas.amounts import EXACT
from transforms.anomalies.model import Anomaly

MOST_TOLD = 20
"""Anomalies that a message describes; it counts the others."""
MOST_SUBJECT = 100
"""SNS refuses a longer subject (API reference, Publish)."""


def subject(anomalies: Sequence[Anomaly]) -> str:
    """Return the message's subject: how many, and their impact in each currency; ASCII."""
    impacts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for anomaly in anomalies:
        currency = anomaly.series[4]
        impacts[currency] = EXACT.add(impacts[currency], anomaly.impact)
    number = "1 new cost anomaly" if len(anomalies) == 1 else f"{len(anomalies)} new cost anomalies"
    money = ", ".join(_money(amount, currency) for currency, amount in sorted(impacts.items()))
    text = f"{number}: {money} above what was expected".encode("ascii", "replace").decode()
    return text if len(text) <= MOST_SUBJECT and text.isprintable() else number


def message(anomalies: Sequence[Anomaly]) -> str:
    """Return the message: what, when, how much, who, and what to do next."""
    ordered = sorted(anomalies, key=lambda a: (a.series[4], -a.impact, a.anomaly_id))
    parts = [_described(anomaly) for anomaly in ordered[:MOST_TOLD]]
    if len(ordered) > MOST_TOLD:
        parts.append(f"and {len(ordered) - MOST_TOLD} more: finops anomalies list")
    return "\n\n".join(parts) + (
        "\n\nAmounts are effective cost. Each anomaly is told of once, however long it goes on.\n"
        "What to do: docs/how-to/anomalies.md\n"
    )


def _described(anomaly: Anomaly) -> str:
    _, account, service, region, currency = anomaly.series
    where = ", ".join(part for part in (service, account, region) if part) or "no service named"
    when = anomaly.first_day
    if anomaly.last_day != anomaly.first_day:
        when += f" to {anomaly.last_day}"
    lines = [
        f"{where}: {_money(anomaly.impact, currency)} above what was expected",
        f"  {when}: {_money(anomaly.actual, currency)} instead of "
        f"{_money(anomaly.expected, currency)}",
    ]
    if anomaly.owner:
        lines.append(f"  owner: {anomaly.owner}")
    lines += [
        f"  {c.resource_id}: {_money(c.actual, currency)} instead of {_money(c.expected, currency)}"
        for c in anomaly.contributors
    ]
    return "\n".join([*lines, f"  finops anomalies show {anomaly.anomaly_id}"])


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"
