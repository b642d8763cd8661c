"""Partition projection: which partition values a table's `projection.*` properties let Athena see.

Source: Athena user guide, "Supported types for partition projection". Only what is decided by the
properties alone is done: no `injected` columns, no ranges relative to NOW, no steps but one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from infra.local.athena.errors import NotSupportedError

Sees = Callable[[str], bool]
"""Tells whether a partition value is projected."""

_NEXT = "Change the table's projection, or query it on AWS."
_PATTERNS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H"}
_UNITS = {"yyyy": "YEARS", "MM": "MONTHS", "dd": "DAYS", "HH": "HOURS"}


def is_projected(parameters: Mapping[str, str]) -> bool:
    """Tell whether a table's properties say what partitions it has, instead of Glue."""
    return parameters.get("projection.enabled", "false").lower() == "true"


class Projection:
    """The projected values of each partition column, in the order of the path.

    Args:
        table: The table's name, for messages.
        columns: Partition columns in order.
        parameters: The table's properties.

    Raises:
        NotSupportedError: the properties ask for what is not done here, or are not whole.
    """

    def __init__(self, table: str, columns: Sequence[str], parameters: Mapping[str, str]) -> None:
        self._table = table
        self._columns = columns
        self._sees = {column: _column(table, column, parameters) for column in columns}

    def check(self, folder: Path) -> None:
        """Refuse partitions that lie in the table's folder though Athena would not look there.

        Raises:
            NotSupportedError: naming the first of them.
        """
        for stray in self._strays(folder, self._columns):
            raise NotSupportedError(
                f"{stray} lies outside the partition projection of table {self._table}: "
                "Athena would not see it",
                "Widen the projection or move the files.",
            )

    def _strays(self, folder: Path, columns: Sequence[str]) -> Iterator[str]:
        if not columns or not folder.is_dir():
            return
        column, *deeper = columns
        for entry in sorted(folder.glob(f"{column}=*/")):
            value = unquote(entry.name.partition("=")[2])
            if not self._sees[column](value):
                # S3 has no folders: one that was emptied is nothing.
                if any(path.is_file() for path in entry.rglob("*")):
                    yield entry.name
            else:
                for stray in self._strays(entry, deeper):
                    yield f"{entry.name}/{stray}"


def check_template(template: str | None, location: str, columns: Sequence[str]) -> None:
    """Refuse a `storage.location.template` that is not the table's own Hive layout.

    Raises:
        NotSupportedError: files would lie elsewhere than the local engine looks.
    """
    if template is None:
        return  # Athena's default is the Hive layout under the location, as is ours
    expected = location.rstrip("/") + "".join(f"/{column}=${{{column}}}" for column in columns)
    if template.rstrip("/") != expected:
        raise NotSupportedError(f"storage.location.template {template}", f"Make it {expected}/.")


def _column(table: str, column: str, parameters: Mapping[str, str]) -> Sees:
    prefix = f"projection.{column}."
    given = {k.removeprefix(prefix): v for k, v in parameters.items() if k.startswith(prefix)}
    makers = {"enum": _enum, "integer": _integer, "date": _date}
    kind = given.get("type", "").lower()
    if kind not in makers:
        raise NotSupportedError(f"{prefix}type {kind or '(missing)'} of table {table}", _NEXT)
    if given.get("interval", "1") != "1":
        raise NotSupportedError(f"{prefix}interval {given['interval']} of table {table}", _NEXT)
    try:
        return makers[kind](given)
    except (KeyError, ValueError) as error:
        raise NotSupportedError(
            f"projection of column {column}, table {table}: {error}", _NEXT
        ) from None


def _enum(given: Mapping[str, str]) -> Sees:
    values = {value.strip() for value in given["values"].split(",")}
    return values.__contains__


def _integer(given: Mapping[str, str]) -> Sees:
    low, high = (int(bound) for bound in given["range"].split(","))
    digits = int(given.get("digits", "1"))
    return lambda value: (
        value.isascii()
        and value.isdigit()
        and low <= int(value) <= high
        and value == f"{int(value):0{digits}d}"
    )


def _date(given: Mapping[str, str]) -> Sees:
    form = given["format"]
    letters = re.findall(r"[A-Za-z]+", form)
    if "yyyy" not in letters or not set(letters) <= _PATTERNS.keys():
        raise ValueError(f"format {form} is not made of yyyy, MM, dd and HH")
    finest = min(letters, key=list(_PATTERNS)[::-1].index)
    unit = given.get("interval.unit", _UNITS[finest])
    if unit.rstrip("S") != _UNITS[finest].rstrip("S"):
        raise ValueError(f"interval.unit {unit} is not the finest of format {form}")
    pattern = re.sub(r"[A-Za-z]+", lambda match: _PATTERNS[match[0]], form)
    low, high = (datetime.strptime(bound.strip(), pattern) for bound in given["range"].split(","))

    def sees(value: str) -> bool:
        try:
            moment = datetime.strptime(value, pattern)
        except ValueError:
            return False
        return low <= moment <= high and moment.strftime(pattern) == value

    return sees
