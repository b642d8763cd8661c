"""A large legacy report for measuring: the sample's lines again and again, none like another."""

import csv
import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tests import samples

BASE = next(
    (samples.FOLDER.parent / "cur" / "simulated-cur-legacy").rglob("simulated-cur-legacy-1.csv.gz")
)
_DAYS = 30


def write(path: Path, rows: int) -> None:
    """Write `rows` lines, gzipped as fast as it goes."""
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8", newline="") as file:
        write_lines(file, rows)


def write_lines(file: TextIO, rows: int) -> None:
    """Write a header and `rows` lines: other resources, other days, other amounts each time."""
    with gzip.open(BASE, "rt", encoding="utf-8", newline="") as base:
        header, *lines = csv.reader(base)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(itertools.islice(_lines(header, lines), rows))


def _lines(header: list[str], lines: list[list[str]]) -> Iterator[list[str]]:
    resource, start, end, interval = (
        header.index(f"{name}")
        for name in (
            "lineItem/ResourceId",
            "lineItem/UsageStartDate",
            "lineItem/UsageEndDate",
            "identity/TimeInterval",
        )
    )
    amounts = [header.index(f"{n}") for n in ("lineItem/UnblendedCost", "lineItem/UsageAmount")]
    for number in itertools.count():
        day = f"2026-09-{number % _DAYS + 1:02}"
        for base in lines:
            line = base.copy()
            line[resource] += f"-{number // 100}"
            line[start] = f"{day}T{base[start][11:]}"
            line[end] = f"{day}T23:59:59Z"
            line[interval] = f"{line[start]}/{line[end]}"
            for i in amounts:
                line[i] += f"{number:06}" if "." in line[i] else f".{number:06}"
            yield line
