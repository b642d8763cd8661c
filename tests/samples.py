"""The sample files, and what is in them, computed without any of our code.

Everything here is plain csv and Decimal: it is what the pipeline is compared with.
"""

import csv
import re
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "sample-data" / "focus"
REAL = FOLDER / "focus_1_0_real.csv"
GENERATED = FOLDER / "focus_1_3_generated.csv"
BROKEN = FOLDER / "focus_1_3_broken_rows.csv"

AMOUNTS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice",
    "ContractedUnitPrice", "PricingQuantity", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "ConsumedQuantity",
    "CommitmentDiscountQuantity",
)  # fmt: skip
WIDE = Context(prec=500)


def rows(path: Path) -> list[dict[str, str]]:
    """Read a sample as it is."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def value(text: str | None) -> Decimal | None:
    """Read an amount; the samples' two spellings of nothing are nothing."""
    return None if text in (None, "", "NULL") else Decimal(text)


def stored(amount: Decimal) -> Decimal:
    """Round as the lake does: half-even, twelve decimals."""
    return amount.quantize(Decimal("1e-12"), ROUND_HALF_EVEN, WIDE)


def total(values: list[Decimal]) -> Decimal:
    """Add without rounding."""
    sum_ = Decimal(0)
    for each in values:
        sum_ = WIDE.add(sum_, each)
    return sum_


def sums(path: Path) -> dict[tuple[str, str], Decimal]:
    """Return the exact sum of every amount column by its currency."""
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows(path):
        for column in AMOUNTS:
            amount = value(row.get(column))
            if amount is not None:
                pricing = column.startswith("PricingCurrency")
                currency = (row.get("PricingCurrency") if pricing else "") or row["BillingCurrency"]
                found[(currency, column)].append(amount)
    return {key: total(values) for key, values in found.items()}


def snake(name: str) -> str:
    """Return a FOCUS name as the lake spells it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def copied(path: Path, folder: Path, name: str | None = None) -> Path:
    """Copy a sample, so that a test may change or touch it."""
    target = folder / (name or path.name)
    target.write_bytes(path.read_bytes())
    return target
