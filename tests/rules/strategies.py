"""Hypothesis strategies for charges and baselines, small enough that they often meet."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from rules import Baseline, Charge, SeriesKey, SeriesStats

TEXTS = st.sampled_from(["", "a", "b", "ä\n\"'"])
MAYBE = st.none() | TEXTS
PERIODS = st.sampled_from([0, 3600, 86400, 2592000])
DATES = st.dates(date(2024, 9, 1), date(2024, 11, 2)).map(date.isoformat)
LARGEST = Decimal("99999999999999999999999999.999999999999")
AMOUNTS = st.one_of(
    st.sampled_from(
        [Decimal(0), Decimal("0.10"), Decimal("-0.10"), LARGEST, LARGEST.copy_negate()]
    ),
    st.decimals(-1000, 1000, places=12),
    st.decimals(0, 20, places=2),
)
TAGS = st.none() | st.dictionaries(
    st.sampled_from(["application", "environment", "business_unit", "Environment", "x"]), TEXTS
)
CATEGORIES = st.sampled_from(["Usage"] * 6 + ["Tax", "Credit", "Purchase", "Adjustment", "?"])
CHARGES = st.builds(
    Charge,
    billing_account_id=TEXTS,
    sub_account_id=MAYBE,
    service_name=MAYBE,
    service_category=MAYBE,
    region_id=MAYBE,
    resource_id=MAYBE,
    sku_id=MAYBE,
    charge_category=CATEGORIES,
    charge_class=st.sampled_from([None] * 4 + ["Correction"]),
    charge_frequency=st.sampled_from([None, "Usage-Based", "Usage-based", "Recurring", "One-Time"]),
    charge_date=DATES,
    period_start_seconds_of_day=st.sampled_from([0, 0, 3600]),
    period_seconds=PERIODS,
    billing_currency=st.sampled_from(["USD", "USD", "EUR"]),
    billed_cost=AMOUNTS,
    effective_cost=st.none() | AMOUNTS,
    tags=TAGS,
    pricing_category=st.sampled_from([None, "Standard", "Committed"]),
    commitment_discount_id=MAYBE,
    commitment_discount_status=st.sampled_from([None, "Used", "Unused"]),
)
KEYS = st.builds(
    SeriesKey,
    billing_account_id=TEXTS,
    sub_account_id=MAYBE,
    service_name=MAYBE,
    region_id=MAYBE,
    resource_or_sku=MAYBE,
    period_seconds=PERIODS,
)
STATS = st.builds(
    SeriesStats,
    days_seen=st.integers(1, 60),
    first_seen=st.dates(date(2024, 7, 1), date(2024, 8, 31)).map(date.isoformat),
    currency=st.sampled_from(["USD", "EUR"]),
    level=AMOUNTS,
    spread=st.decimals(0, 1000, places=12),
    weekday_level=st.tuples(*[st.none() | AMOUNTS] * 7),
    trailing_cost=AMOUNTS,
    lead_sku=MAYBE,
    recent_level=st.none() | AMOUNTS,
)
BASELINES = st.builds(
    Baseline,
    through=st.just("2024-08-31"),
    effective_from=DATES,
    entries=st.dictionaries(KEYS, STATS, max_size=5),
)
