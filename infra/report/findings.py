"""What the rules found: counts and money by rule, and the small costs that recur."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infra.report.amounts import scaled_by, total
from infra.report.period import ALL_DAYS, Period
from rules.registry import RULE_SETS
from rules.v1.find_low_value import DAYS_A_YEAR, TRAILING_DAYS
from transforms.ports import Query

SEVERITIES = ("high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class FindingCount:
    """The findings of one rule, severity and currency."""

    rules_version: str
    rule: str
    meaning: str
    """What the rule does, in its own words; empty for a rule this version does not have."""
    severity: str
    currency: str
    number: int
    amount: Decimal | None
    """The sum of the findings' amounts; none where none has one."""


@dataclass(frozen=True, slots=True)
class LowValueItem:
    """One resource that costs little, month after month."""

    month: str
    account: str | None
    account_name: str | None
    service: str | None
    region: str | None
    resource: str | None
    monthly: Decimal
    """Effective cost of the last 30 days before the month."""
    yearly: Decimal
    """The same for 365 days."""


@dataclass(frozen=True, slots=True)
class LowValue:
    """The low-value recurring cost of one currency, largest first."""

    currency: str
    monthly: Decimal
    yearly: Decimal
    items: tuple[LowValueItem, ...]


def read_findings(query: Query, period: Period = ALL_DAYS) -> tuple[FindingCount, ...]:
    """Return the findings by rule, the most severe of each rule first."""
    found = [
        FindingCount(**row, meaning=_meaning(row["rules_version"], row["rule"]))
        for row in query.rows(period.sql("findings"))
    ]
    return tuple(
        sorted(found, key=lambda f: (f.rules_version, f.rule, f.currency, _rank(f.severity)))
    )


def read_low_value(query: Query, period: Period = ALL_DAYS) -> tuple[LowValue, ...]:
    """Return the low-value recurring cost of each payer's newest month, a currency each."""
    months = {row["payer"]: row["month"] for row in query.rows(period.sql("newest_months"))}
    if not months:
        return ()
    since = date.fromisoformat(f"{min(months.values())}-01")
    by_currency: dict[str, list[LowValueItem]] = defaultdict(list)
    for row in query.rows(period.sql("low_value", since=since)):
        if row["charge_date"][:7] != months[row["payer"]]:
            continue
        by_currency[row["currency"]].append(
            LowValueItem(
                month=row["charge_date"][:7],
                account=row["account"],
                account_name=row["account_name"],
                service=row["service"],
                region=row["region"],
                resource=row["resource"],
                monthly=row["monthly"],
                yearly=a_year(row["monthly"]),
            )
        )
    found = []
    for currency, items in sorted(by_currency.items()):
        monthly = total(item.monthly for item in items)
        found.append(LowValue(currency, monthly, a_year(monthly), tuple(items)))
    return tuple(found)


def a_year(monthly: Decimal) -> Decimal:
    """Return what the cost of 30 days comes to in a year, as the rule counts it."""
    return scaled_by(monthly, DAYS_A_YEAR, TRAILING_DAYS)


def _meaning(rules_version: str, rule: str) -> str:
    rules = RULE_SETS[rules_version].rules if rules_version in RULE_SETS else ()
    docs = [r.__doc__ for r in rules if r.__name__ == rule]
    return docs[0].splitlines()[0] if docs and docs[0] else ""


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
