"""Options and output that all commands share: the data directory, JSON, tables, money."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from infra.errors import UsageError
from infra.wiring import DEFAULT_DATA_DIR

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def enforce_option(default: bool) -> Callable[[F], F]:
    """Add `--enforce-iam` and its opposite."""
    return click.option(
        "--enforce-iam/--no-enforce-iam",
        default=default,
        show_default=True,
        help="Whether functions and services may do only what their roles allow.",
    )


def lake_options(command: F) -> F:
    """Add `--data-dir` and `--debug`, which every command has."""
    command = click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        default=DEFAULT_DATA_DIR,
        show_default=True,
        help="Where the local lake lies.",
    )(command)
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(command)


def parse_settings(given: Sequence[str]) -> dict[str, str]:
    """Read `--set COLUMN=VALUE` options.

    Raises:
        UsageError: one is not of that form.
    """
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UsageError(f"--set {text!r} is not COLUMN=VALUE, such as BillingCurrency=USD")
        settings[name] = value
    return settings


def print_json(value: object) -> None:
    """Print a value as JSON; decimals as strings, so that no digit is lost."""
    click.echo(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode())


class _Percent(click.ParamType[float]):
    """A share, written as `5%` or `0.05`."""

    name = "percent"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value)
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{text!r} is not a share between 0% and 100%, such as 5%", param, ctx)
        return share


percent = _Percent()


def print_table(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Sequence[str] = (),
    *,
    err: bool = False,
) -> None:
    """Print rows in columns; the columns named in `right` are numbers.

    Args:
        header: the columns' names.
        rows: the cells.
        right: which columns are numbers.
        err: print to standard error.
    """
    cells = [[text(value) for value in row] for row in rows]
    _align_points(cells, [header.index(name) for name in right])
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for line in (header, ["-" * w for w in widths], *cells):
        parts = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(header, line, widths, strict=True)
        ]
        click.echo("  " + "  ".join(parts).rstrip(), err=err)


def _align_points(cells: list[list[str]], columns: Iterable[int]) -> None:
    """Pad amounts behind their last digit, so that the points of a column stand in one line."""
    for i in columns:
        behind = [len(row[i].partition(".")[2]) for row in cells]
        longest = max(behind, default=0)
        for row, digits in zip(cells, behind, strict=True):
            row[i] += " " * (longest - digits + (1 if longest and not digits else 0))


def text(value: object) -> str:
    """Return a value as people read it: nothing for null, plain decimals, no control characters."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value, default=_plain).decode()
    plain = str(value)
    return plain if plain.isprintable() else plain.encode("unicode_escape").decode()


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def money(value: Decimal | str) -> str:
    """Return an amount exactly, in plain notation, with at least two decimals."""
    sign, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    plain = format(Decimal((sign, digits, exponent)), "f")
    whole, _, fraction = plain.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
