"""An anomaly on the terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from infra.commands.options import money, print_table, text
from transforms.anomalies import Anomaly
from transforms.anomalies.acks import Ack
from transforms.anomalies.book import document
from transforms.anomalies.model import OPEN


def waits(anomaly: Anomaly, acks: Sequence[Ack]) -> bool:
    """Tell whether it goes on and nobody has said that they have seen it."""
    return anomaly.status == OPEN and anomaly.suppressed_by is None and not acks


def as_document(anomaly: Anomaly, acks: Sequence[Ack]) -> dict[str, Any]:
    """Return it as JSON has it, with its days and what was said."""
    found = document(anomaly)
    found["days"] = [asdict(day) for day in anomaly.days]
    found["contributors"] = [asdict(c) for c in anomaly.contributors]
    return {**found, "acks": [asdict(ack) for ack in acks]}


def where(anomaly: Anomaly) -> str:
    """Return what it is about: service, account, region."""
    _, account, service, region, _ = anomaly.series
    return ", ".join(part for part in (service, account, region) if part)


def line(anomaly: Anomaly, acks: Sequence[Ack]) -> tuple[object, ...]:
    """Return its cells in the list."""
    payer, account, service, region, currency = anomaly.series
    return (
        anomaly.anomaly_id,
        anomaly.first_day,
        anomaly.last_day,
        account or payer,
        service,
        region,
        *(f"{amount:,.2f}" for amount in (anomaly.actual, anomaly.expected, anomaly.impact)),
        currency,
        _standing(anomaly, acks),
    )


def _standing(anomaly: Anomaly, acks: Sequence[Ack]) -> str:
    standing = anomaly.status
    if anomaly.suppressed_by is not None:
        standing += f", suppressed: {anomaly.suppression_reason}"
    if acks:
        false = ", a false alarm" if acks[-1].feedback == "false" else ""
        standing += f", seen by {acks[-1].acknowledged_by}{false}"
    return standing


def print_one(anomaly: Anomaly, acks: Sequence[Ack]) -> None:
    """Print all there is to know of it."""
    currency = anomaly.series[4]
    for name, value in document(anomaly).items():
        if name in ("days", "contributors"):
            continue
        is_money = name in ("actual", "expected", "impact")
        shown = f"{money(value)} {currency}" if is_money else text(value)
        click.echo(f"  {name + ':':22}{shown}".rstrip())
    print_table(
        ("day", "actual", "expected", "usual lately", "usual on this weekday"),
        [
            (d.charge_date, d.actual, d.expected, d.recent_level, d.weekday_level)
            for d in anomaly.days
        ],
        right=("actual", "expected", "usual lately", "usual on this weekday"),
    )
    if anomaly.contributors:
        print_table(
            ("resource", "actual", "expected"),
            [(c.resource_id, c.actual, c.expected) for c in anomaly.contributors],
            right=("actual", "expected"),
        )
    for ack in acks:
        verdict = {"true": " (was one)", "false": " (was none)"}.get(ack.feedback or "", "")
        said = f"{text(ack.acknowledged_by)}{verdict}: {text(ack.reason)}"
        click.echo(f"  {ack.acknowledged_at} {said}")
    if waits(anomaly, acks):
        click.echo(f"next: finops anomalies ack {anomaly.anomaly_id} --by NAME --reason TEXT")
