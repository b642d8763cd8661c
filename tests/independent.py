"""What a bill says, computed without any of our code: plain csv and Decimal, row by row.

`python -m tests.independent FILE [COLUMN=VALUE …]` ingests a file into a throw-away lake and
compares: count, billed, effective and list cost by service, account, category and billing period.
"""

import csv
import gzip
import io
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import NamedTuple

WIDE = Context(prec=500)
ZERO = Decimal(0)
_NOTHING = ("", "NULL", "None", "(null)", "nan")


class Key(NamedTuple):
    """What money is compared by."""

    service: str
    account: str
    category: str
    period: str


class Sums(NamedTuple):
    """Rows and money; each amount is rounded to twelve decimals before it is added."""

    rows: int
    billed: Decimal
    effective: Decimal
    list_cost: Decimal


Line = tuple[Key, Decimal, Decimal, Decimal]


def read(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, plain or gzipped."""
    body = path.read_bytes()
    text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode("utf-8-sig")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def number(text: str | None) -> Decimal | None:
    """Read an amount; a spelling of nothing is nothing."""
    return None if text is None or text in _NOTHING else Decimal(text)


def stored(value: Decimal | None) -> Decimal:
    """Round as the lake does."""
    return (value or ZERO).quantize(Decimal("1e-12"), ROUND_HALF_EVEN, WIDE)


def focus_lines(path: Path, settings: Mapping[str, str]) -> Iterator[Line]:
    """Read a FOCUS file; `settings` stand where it has nothing."""
    for row in read(path):
        known = {**row, **{k: v for k, v in settings.items() if row.get(k, "") in _NOTHING}}

        def text(name: str, known: Mapping[str, str] = known) -> str:
            value = known.get(name, "")
            return "" if value in _NOTHING else value

        key = Key(
            text("ServiceName"), text("SubAccountId"), text("ChargeCategory"),
            text("BillingPeriodStart")[:7],
        )  # fmt: skip
        yield (
            key,
            stored(number(text("BilledCost"))),
            stored(number(text("EffectiveCost"))),
            stored(number(text("ListCost"))),
        )


CUR_CATEGORY = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "SavingsPlanNegation": "Adjustment",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "RIFee": "Purchase",
    "Fee": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "EdpDiscount": "Adjustment",
    "BundledDiscount": "Adjustment",
}
_COVERED = ("DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation")
_SPLIT = ("EKSPod-EC2", "ECSTask-EC2")


def cur_lines(path: Path, settings: Mapping[str, str]) -> Iterator[Line]:
    """Read a Cost and Usage Report by the table in AWS's amortised-cost queries."""
    for raw in read(path):
        row = {"".join(filter(str.isalnum, k)).lower(): v for k, v in raw.items()}
        kind = row["lineitemlineitemtype"]
        unblended = number(row["lineitemunblendedcost"]) or ZERO
        listed = number(row.get("pricingpublicondemandcost")) or ZERO
        key = Key(
            row.get("productproductname") or row["lineitemproductcode"],
            row["lineitemusageaccountid"],
            CUR_CATEGORY[kind],
            row["billbillingperiodstartdate"][:7],
        )
        if row.get("lineitemoperation") in _SPLIT:
            yield key, ZERO, ZERO, ZERO
            continue
        effective, unused = _effective(kind, row, unblended)
        billed = ZERO if kind in _COVERED else unblended
        yield (
            key,
            stored(billed),
            stored(effective),
            ZERO if kind == "SavingsPlanNegation" else stored(listed),
        )
        if unused:
            yield key._replace(category="Usage"), ZERO, stored(unused), stored(unused)


def _effective(kind: str, row: Mapping[str, str], unblended: Decimal) -> tuple[Decimal, Decimal]:
    """Return the effective cost of a line, and of the part of a commitment it left unused."""

    def amount(name: str) -> Decimal:
        return number(row.get(name)) or ZERO

    if kind == "SavingsPlanCoveredUsage":
        return amount("savingsplansavingsplaneffectivecost"), ZERO
    if kind == "DiscountedUsage":
        return amount("reservationeffectivecost"), ZERO
    if kind == "SavingsPlanRecurringFee":
        committed = amount("savingsplantotalcommitmenttodate")
        return ZERO, committed - amount("savingsplanusedcommitment")
    if kind == "RIFee":
        upfront = amount("reservationunusedamortizedupfrontfeeforbillingperiod")
        return ZERO, upfront + amount("reservationunusedrecurringfee")
    if kind in ("SavingsPlanNegation", "SavingsPlanUpfrontFee"):
        return ZERO, ZERO
    if kind == "Fee" and row.get("reservationreservationarn"):
        return ZERO, ZERO
    return unblended, ZERO


def sums(lines: Iterator[Line]) -> dict[Key, Sums]:
    """Add up lines by their keys."""
    found: dict[Key, Sums] = defaultdict(lambda: Sums(0, ZERO, ZERO, ZERO))
    for key, billed, effective, listed in lines:
        before = found[key]
        found[key] = Sums(
            before.rows + 1,
            WIDE.add(before.billed, billed),
            WIDE.add(before.effective, effective),
            WIDE.add(before.list_cost, listed),
        )
    return dict(found)


def lines_of(path: Path, settings: Mapping[str, str]) -> Iterator[Line]:
    """Read a file of either kind."""
    header = next(read(path), {})
    is_cur = any(name.lower().startswith(("lineitem/", "line_item_")) for name in header)
    return cur_lines(path, settings) if is_cur else focus_lines(path, settings)


SQL = """
select coalesce(service_name, '') as service, coalesce(sub_account_id, '') as account,
       charge_category as category, billing_period as period, count(*) as n,
       coalesce(sum(billed_cost), 0) as billed, coalesce(sum(effective_cost), 0) as effective,
       coalesce(sum(list_cost), 0) as listed
from charges group by 1, 2, 3, 4
"""


def main() -> int:
    """Compare one file with a throw-away lake."""
    from infra.ingesting import Request, open_sources, run_ingest
    from infra.wiring import start

    path = Path(sys.argv[1])
    settings = dict(argument.split("=", 1) for argument in sys.argv[2:])
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as (_, platform):
        (source,) = open_sources(Request(str(path), None, settings), lambda: None)
        report, _ = run_ingest(platform, source)
        found = {
            Key(r["service"], r["account"], r["category"], r["period"]): Sums(
                r["n"], r["billed"], r["effective"], r["listed"]
            )
            for r in platform.query.rows(SQL)
        }
    expected = sums(lines_of(path, settings))
    differ = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    for key in sorted(differ):
        print(key, "expected", expected.get(key), "found", found.get(key))
    print(f"{report.rows} rows, {len(expected)} groups, {len(differ)} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
