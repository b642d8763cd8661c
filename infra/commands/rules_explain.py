"""`finops rules explain`: why an event's row says what it says."""

import json
import sys
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from infra.commands.options import json_option, lake_options, money, print_json
from infra.wiring import open_platform
from rules import Charge, Evaluation, Finding, SeriesStats, Verdict
from rules.recording import Looked, Recorded
from transforms.evaluations import load_context
from transforms.explanation import Explained, Explanation, explain
from transforms.state import active_evaluation

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.command("explain")
@click.argument("event_id")
@click.option("--evaluation", help="By which evaluation; by default the active one.")
@json_option
@lake_options
def explain_command(event_id: str, evaluation: str | None, as_json: bool, data_dir: Path) -> None:
    """Explain one event: what it is, what it was judged by, what each rule says and read.

    EVENT_ID is DELIVERY:ORDINAL, the column event_id of the views; the delivery's id may be cut
    short. Judges the event again and compares with its row; exit code 1 where they differ.

    \b
    Example:
      finops rules explain 3f31aefda594:12
      finops rules explain 3f31aefda594:12 --evaluation v2
    """
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        platform.activate_first_evaluation()
        active = active_evaluation(platform.store)
        context = load_context(platform.store, evaluation or active)
        found = explain(platform.query, context, event_id, active)
    if as_json:
        print_json(_document(found))
    else:
        _print(found)
    if not found.agrees:
        sys.exit(1)


def _print(found: Explanation) -> None:
    charge = found.charge
    click.echo(f"{found.event_id}, {charge.charge_date}")
    for name, value in _event(charge).items():
        click.echo(f"  {name + ':':14}{value}")
    click.echo(f"judged under {found.context.evaluation}")
    for name, text in _judged_by(found).items():
        click.echo(f"  {name + ':':14}{text}")
    for explained in found.rules:
        click.echo(f"{explained.rule}: {_verdict(explained.recorded.verdict)}")
        for line in _why(explained, found):
            click.echo(f"  {line}")
    click.echo(_agreement(found))


def _event(charge: Charge) -> dict[str, str]:
    currency = charge.billing_currency
    effective = charge.effective_cost
    values = {
        "account": charge.sub_account_id or charge.billing_account_id,
        "service": charge.service_name,
        "region": charge.region_id,
        "resource": charge.resource_id or charge.sku_id,
        "category": charge.charge_category
        + (f", {charge.charge_class}" if charge.charge_class else ""),
        "period": f"{charge.period_seconds:,} s from {_clock(charge.period_start_seconds_of_day)}",
        "billed": f"{money(charge.billed_cost)} {currency}",
        "effective": None if effective is None else f"{money(effective)} {currency}",
        "tags": None if charge.tags is None else json.dumps(dict(charge.tags), ensure_ascii=False),
    }
    return {name: value for name, value in values.items() if value is not None}


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02} UTC"


def _judged_by(found: Explanation) -> dict[str, str]:
    baseline = found.facts.baseline
    return {
        "rules": found.context.rule_set.name,
        "policy": found.context.policy.version,
        "baseline": "none serves the date: nothing can be judged by history"
        if baseline is None
        else f"{baseline.version}, through {baseline.through}, serves from "
        f"{baseline.effective_from}, {baseline.history_days} days of history",
    }


def _verdict(verdict: Verdict) -> str:
    said = []
    if verdict.cost_class is not None:
        said.append(verdict.cost_class)
    if verdict.tag_status is not None:
        lacking = f" ({', '.join(verdict.missing_tags)})" if verdict.missing_tags else ""
        said.append(verdict.tag_status + lacking)
    if verdict.finding is not None:
        said.append(_finding(verdict.finding))
    return "; ".join(said) or "nothing to say"


def _finding(finding: Finding) -> str:
    expected = "" if finding.expected is None else f", expected {money(finding.expected)}"
    return f"{finding.severity}: {finding.message} (amount {money(finding.amount)}{expected})"


def _why(explained: Explained, found: Explanation) -> list[str]:
    read = explained.recorded
    lines = []
    if read.charge_fields:
        values = (f"{name}={_plain(getattr(found.charge, name))}" for name in _fields(read))
        lines.append(f"charge: {', '.join(values)}".rstrip(": "))
    if read.all_tags:
        lines.append("tags: all of them")
    elif read.tag_keys:
        tags = found.charge.tags or {}
        lines.append(f"tags: {', '.join(f'{k}={_plain(tags.get(k))}' for k in read.tag_keys)}")
    if read.policy_paths:
        said = (f"{p}={_plain(_at(found.context.policy, p))}" for p in read.policy_paths)
        lines.append(f"policy: {', '.join(said)}")
    lines += [f"baseline: {_looked(looked)}" for looked in read.baseline]
    return lines


def _fields(read: Recorded) -> list[str]:
    return [name for name in read.charge_fields if name != "tags"]


def _at(policy: Any, path: str) -> Any:
    for name in path.split("."):
        policy = getattr(policy, name)
    return policy


def _looked(looked: Looked) -> str:
    if isinstance(looked.value, SeriesStats):
        return _history(looked.value)
    if looked.name == "stats":
        return "this series is not in it"
    return f"{looked.name}={_plain(looked.value)}"


def _history(stats: SeriesStats) -> str:
    weekdays = ", ".join(
        f"{day} {money(level)}"
        for day, level in zip(_WEEKDAYS, stats.weekday_level, strict=True)
        if level is not None
    )
    recent = "" if stats.recent_level is None else f", last 14 days {money(stats.recent_level)}"
    return (
        f"its series was seen on {stats.days_seen} days since {stats.first_seen}; a period costs "
        f"{money(stats.level)} {stats.currency}{recent} ({weekdays}); "
        f"last 30 days {money(stats.trailing_cost)}"
    )


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, tuple | frozenset | set):
        return f"[{', '.join(sorted(map(str, value)))}]"
    if hasattr(value, "items"):
        return json.dumps(_json(value), ensure_ascii=False)
    return str(value)


def _agreement(found: Explanation) -> str:
    name = found.context.evaluation
    if found.stored is None:
        return (
            f"no row under {name} yet; it would say this. next: finops replay --evaluation {name}"
        )
    if found.agrees:
        return "the row says the same"
    stored = found.stored
    versions = ", ".join(f"{n.partition('_')[0]} {v}" for n, v in stored.versions.items())
    said = "; ".join(map(_finding, stored.verdict.findings)) or "no finding"
    return (
        f"the row DIFFERS: {stored.verdict.cost_class}, {stored.verdict.tag_status}, {said} "
        f"({versions}). A row keeps what it was judged by when it arrived; to judge all by what is "
        "known now: finops evaluations add NAME, finops replay --evaluation NAME"
    )


def _document(found: Explanation) -> dict[str, Any]:
    baseline = found.facts.baseline
    return {
        "event_id": found.event_id,
        "evaluation": found.context.evaluation,
        "charge": _json(found.charge._asdict()),
        "rules": found.context.rule_set.name,
        "policy": found.context.policy.version,
        "baseline": None
        if baseline is None
        else {
            "version": baseline.version,
            "through": baseline.through,
            "effective_from": baseline.effective_from,
            "history_days": baseline.history_days,
        },
        "verdicts": [_explained(explained, found) for explained in found.rules],
        "verdict": _evaluation(found.verdict),
        "stored": None
        if found.stored is None
        else {**found.stored.versions, **_evaluation(found.stored.verdict)},
        "agrees": found.agrees,
    }


def _explained(explained: Explained, found: Explanation) -> dict[str, Any]:
    read = explained.recorded
    verdict = read.verdict
    return {
        "rule": explained.rule,
        "cost_class": verdict.cost_class,
        "tag_status": verdict.tag_status,
        "missing_tags": verdict.missing_tags,
        "finding": None if verdict.finding is None else asdict(verdict.finding),
        "read": {
            "charge": list(read.charge_fields),
            "tags": "all" if read.all_tags else list(read.tag_keys),
            "policy": {p: _json(_at(found.context.policy, p)) for p in read.policy_paths},
            "baseline": [
                {
                    "asked": looked.name,
                    "series": None if looked.key is None else looked.key._asdict(),
                    "answer": _json(looked.value),
                }
                for looked in read.baseline
            ],
        },
    }


def _evaluation(verdict: Evaluation) -> dict[str, Any]:
    return {**verdict._asdict(), "findings": [asdict(f) for f in verdict.findings]}


def _json(value: Any) -> Any:
    """Return plain values for JSON: named tuples and maps as objects, sets as sorted lists."""
    if hasattr(value, "_asdict"):
        return _json(value._asdict())
    if hasattr(value, "items"):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_json(item) for item in value]
    return value
