"""The price list: services, the kinds of resource they bill, and their meters.

`services.csv` and `meters.csv` are its tables: real AWS service names and usage types, FOCUS 1.2
categories, prices near AWS's list of 2025. Prices only have to look right: nothing reads them as
AWS's.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

from producers.sources.simulator.rhythm import RHYTHMS, Rhythm


@dataclass(frozen=True, slots=True)
class Meter:
    """One thing a resource is billed for; prices and quantities as texts, exact."""

    usage_type: str
    operation: str
    description: str
    """A template with `{price}`."""
    unit: str
    price: str
    """List price of a unit in us-east-1, US dollars, at most ten decimals."""
    low: str
    high: str
    """The usual quantity an hour lies between these."""
    decimals: int
    """Decimals of a quantity, up to ten."""
    most: str | None
    """A quantity an hour cannot exceed: an instance runs one hour an hour."""
    steady: bool
    """The same quantity every hour: it is there, or it is not."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Resources of one kind, the same number at every site of their service."""

    noun: str
    count: int
    zonal: bool
    commitment: str | None
    """The kind of commitment that covers its use: `savings-plan` or `reserved`."""
    resource_type: str
    resource_id: str
    """A template with `{region}`, `{account}`, `{name}`, `{hex}`."""
    meters: tuple[Meter, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service as AWS's FOCUS export names it, and where and how much of it is used."""

    code: str
    name: str
    category: str
    subcategory: str
    rhythm: Rhythm
    sites: int
    """In how many (account, region) pairs it is used."""
    regional: bool
    contracted: int
    """The negotiated price in thousandths of the list price."""
    fleets: tuple[Fleet, ...]


@cache
def services() -> tuple[Service, ...]:
    """Return everything the simulated organisation uses by the hour."""
    fleets: dict[str, list[Fleet]] = {}
    for (code, _), rows in groupby(_table("meters.csv"), lambda row: (row["service"], row["noun"])):
        fleets.setdefault(code, []).append(_fleet(list(rows)))
    return tuple(
        Service(
            code=row["code"],
            name=row["name"],
            category=row["category"],
            subcategory=row["subcategory"],
            rhythm=RHYTHMS[row["rhythm"]],
            sites=int(row["sites"]),
            regional=bool(row["regional"]),
            contracted=int(row["contracted"]),
            fleets=tuple(fleets[row["code"]]),
        )
        for row in _table("services.csv")
    )


def _fleet(rows: list[dict[str, str]]) -> Fleet:
    first = rows[0]
    return Fleet(
        noun=first["noun"],
        count=int(first["count"]),
        zonal=bool(first["zonal"]),
        commitment=first["commitment"] or None,
        resource_type=first["resource_type"],
        resource_id=first["resource_id"],
        meters=tuple(map(_meter, rows)),
    )


def _meter(row: dict[str, str]) -> Meter:
    return Meter(
        usage_type=row["usage_type"],
        operation=row["operation"],
        description=row["description"],
        unit=row["unit"],
        price=row["price"],
        low=row["low"],
        high=row["high"],
        decimals=int(row["decimals"]),
        most=row["most"] or None,
        steady=bool(row["steady"]),
    )


def _table(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
