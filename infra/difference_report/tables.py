"""A difference in a terminal."""

from collections.abc import Sequence

import click

from infra.commands.options import counted, money, print_table, text
from infra.difference_report import words
from transforms.differences.model import Difference

LISTED = 40
"""Rows of a table before the rest is counted; --json has them all."""


def print_difference(difference: Difference) -> None:
    """Print a difference: what was compared, what became of findings and classes, why, examples."""
    d = difference
    click.echo(f"A  {words.side(d.a)}")
    click.echo(f"B  {words.side(d.b)}")
    if d.first is None:
        click.echo("no charges in this range")
        return
    costs = ", ".join(f"{money(c.cost)} {c.currency}" for c in d.compared)
    click.echo(f"{d.first} to {d.last}: {counted(d.rows, 'row')}" + (f", {costs}" if costs else ""))
    click.echo(words.source(d))
    if paths := words.policies(d):
        click.echo("\npolicies differ")
        print_table(("path", "A", "B"), [(p.path, _cut(p.before), _cut(p.after)) for p in paths])
    click.echo()
    if missing := words.unmatched(d):
        click.echo(missing)
    if not d.differing:
        click.echo("no verdict differs")
        return
    click.echo(f"{counted(d.differing, 'row')} judged differently")
    _findings(d)
    _classes(d)
    _reasons(d)
    _examples(d)


def _findings(d: Difference) -> None:
    if not d.totals:
        click.echo("\nthe findings are the same")
        return
    click.echo("\nfindings")
    header = ("", *d.by, "currency", "findings", "amount A", "amount B", "B - A")
    rows = [
        (c.kind, *_named(c.key), c.currency, f"{c.number:,}", c.before, c.after, c.net)
        for c in d.findings
    ]
    blank = [""] * len(d.by)
    totals = [
        (f"{c.kind}, all", *blank, c.currency, f"{c.number:,}", c.before, c.after, c.net)
        for c in d.totals
    ]
    _table(header, [*rows[:LISTED], *totals], right=header[-4:], more=len(rows) - LISTED)
    kinds = dict.fromkeys(c.kind for c in d.totals)
    for kind in kinds:
        click.echo(f"  {kind}: {words.KIND_MEANINGS[kind]}")


def _classes(d: Difference) -> None:
    if not d.classes:
        click.echo("\nno class changed")
        return
    click.echo("\nrows whose class changed")
    dimensions = [name for name in d.by if name != "rule"]
    header = ("class", "A", "B", *dimensions, "currency", "rows", "cost")
    rows = [
        (
            *(c.column, c.before or "none", c.after or "none"),
            *(*_named(c.key), c.currency, f"{c.rows:,}", c.cost),
        )
        for c in d.classes
    ]
    _table(header, rows[:LISTED], right=header[-2:], more=len(rows) - LISTED)


def _reasons(d: Difference) -> None:
    if not d.reasons:
        return
    click.echo("\nwhy")
    rows = [(r.group, r.name, words.looked_at(r), words.reason(r)) for r in d.reasons]
    _table(("", "of", "rows", "reason"), rows[:LISTED], more=len(rows) - LISTED)
    click.echo(f"  {words.limits(d)}")


def _examples(d: Difference) -> None:
    if not d.examples:
        return
    click.echo("\nexamples")
    for e in d.examples:
        where = ", ".join(x for x in (e.service, e.account, e.resource, e.owner) if x)
        _say(f"  {e.group}, {e.name}: {e.event_id}")
        _say(f"    {e.charge_date}, {money(e.cost)} {e.currency}, {where}")
        _say(f"    A    {words.verdict(e.before, e.currency)}")
        _say(f"    B    {words.verdict(e.after, e.currency)}")
        _say(f"    why  {words.reason(e.reason)}")


def _say(line: str) -> None:
    """Print a line with texts from outside: a resource's name must not command a terminal."""
    click.echo(text(line))


def _table(
    header: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    right: tuple[str, ...] = (),
    more: int = 0,
) -> None:
    print_table(header, rows, right=right)
    if more > 0:
        click.echo(f"  and {more:,} more; --json prints them all")


def _named(key: tuple[str | None, ...]) -> list[str]:
    return [value if value is not None else "(none)" for value in key]


def _cut(value: str | None, width: int = 60) -> str:
    if value is None:
        return "absent"
    return value if len(value) <= width else value[: width - 1] + "…"
