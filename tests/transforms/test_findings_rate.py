"""How much the rules say of the real FOCUS sample: few findings, each worth something.

`pytest -s -n0 tests/transforms/test_findings_rate.py` prints them by rule.
"""

import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from producers.sources import ChargeRow
from rules import (
    RULE_SETS,
    Baseline,
    Charge,
    Facts,
    SeriesKey,
    SeriesStats,
    default_policy_for,
    evaluate,
    rule_set,
    series_key,
)
from rules.worth import monthly
from tests import samples
from tests.sources import file_source, rows_of
from transforms.judge import charge_of

MOST_PER_THOUSAND = 150
LEAST_WORTH = Decimal(1)


def charges() -> list[Charge]:
    rows = rows_of(file_source(samples.REAL))
    return [charge_of(r.charge, r.charge_date) for r in rows if isinstance(r, ChargeRow)]


def baseline_of(history: list[Charge], first: str) -> Baseline:
    """Build a baseline of the days before `first`, in plain Python."""
    periods: dict[SeriesKey, dict[tuple[str, int], Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    currency = {}
    for charge in history:
        key = series_key(charge)
        periods[key][(charge.charge_date, charge.period_start_seconds_of_day)] += charge.cost
        currency[key] = charge.billing_currency
    entries = {}
    for key, costs in periods.items():
        days = {day for day, _ in costs}
        level = statistics.median_low(costs.values())
        entries[key] = SeriesStats(
            days_seen=len(days),
            first_seen=min(days),
            currency=currency[key],
            level=level,
            spread=Decimal(0),
            weekday_level=(level,) * 7,
            trailing_cost=sum(costs.values(), Decimal(0)),
            recent_level=level,
        )
    through = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    return Baseline(through, first, entries)


@pytest.mark.parametrize("name", list(RULE_SETS))
@pytest.mark.parametrize("known", [False, True], ids=["no baseline", "a baseline"])
def test_few_findings_and_each_is_worth_something(name: str, known: bool) -> None:
    """At most 150 a thousand rows, each of at least one currency unit a month."""
    rows = charges()
    days = sorted({charge.charge_date for charge in rows})
    first = days[len(days) // 2]
    judged = [c for c in rows if not known or c.charge_date >= first]
    history = [c for c in rows if c.charge_date < first and c.charge_category == "Usage"]
    facts = Facts(
        default_policy_for(rule_set(name)), baseline_of(history, first) if known else None
    )
    found: Counter[str] = Counter()
    for charge in judged:
        for finding in evaluate(charge, rule_set(name), facts).findings:
            found[finding.rule] += 1
            # A low-value finding is a month of a series already.
            recurring = finding.rule == "find_low_value"
            worth = finding.amount if recurring else monthly(finding.amount, charge)
            assert worth >= LEAST_WORTH, finding
    rates = {rule: round(1_000 * count / len(judged), 1) for rule, count in found.items()}
    print(f"\n{name}, {len(judged)} rows, findings per 1,000: {rates}")
    assert sum(found.values()) <= MOST_PER_THOUSAND * len(judged) / 1_000
