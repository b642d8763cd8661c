"""Baselines: values with one text form, and a choice that depends on the charge date alone."""

import json
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Baseline, BaselineError, BaselineSeries, series_key
from rules.canonical import amount_text
from schemas.errors import FinopsError
from tests.rules.cases import baseline, charge, stats
from tests.rules.strategies import BASELINES, CHARGES, DATES

ONE = baseline({"through": "2024-08-31", "effective_from": "2024-09-01", "series": [{}]})
DOCUMENT = json.loads(ONE.baselines[0].to_bytes())


def respell(amount: Decimal) -> Decimal:
    """Return the same amount with more zeros behind the point."""
    text = f"{amount:f}"
    return Decimal(text + ("00" if "." in text else ".00"))


@settings(deadline=None)
@given(BASELINES)
def test_round_trip(one: Baseline) -> None:
    """A baseline read back is the same baseline, byte for byte and by version."""
    again = Baseline.from_bytes(one.to_bytes())
    assert again == one
    assert again.to_bytes() == one.to_bytes()
    assert again.version == one.version


@settings(deadline=None)
@given(BASELINES)
def test_equal_values_have_equal_bytes(one: Baseline) -> None:
    """Neither the order of entries nor trailing zeros of amounts change the version."""
    respelled = {
        key: stats._replace(level=respell(stats.level))
        for key, stats in reversed(list(one.entries.items()))
    }
    assert Baseline(one.through, one.effective_from, respelled).version == one.version


def test_format_1_keeps_its_bytes() -> None:
    """A baseline without recent levels has the version it had before there were any."""
    assert ONE.baselines[0].version == "d12ed8f9dd6f"


def test_a_recent_level_makes_format_2() -> None:
    """One series with a recent level, and the document has the column; it is read back."""
    (key,) = ONE.baselines[0].entries
    recent = stats({})._replace(recent_level=Decimal("0.25"))
    one = Baseline("2024-08-31", "2024-09-01", {key: recent})
    document = json.loads(one.to_bytes())
    assert (document["format"], document["columns"][-1]) == (2, "recent_level")
    assert Baseline.from_bytes(one.to_bytes()).entries[key].recent_level == Decimal("0.25")


@settings(deadline=None)
@given(st.sets(DATES, max_size=6).map(sorted), DATES)
def test_for_date(starts: list[str], charge_date: str) -> None:
    """A charge date is served by the newest baseline in effect, and by none before the first."""
    series = BaselineSeries()
    for start in starts:
        series = series.append(Baseline("2024-08-31", start, {}))
    in_effect = [start for start in starts if start <= charge_date]
    found = series.for_date(charge_date)
    assert (found.effective_from if found else None) == max(in_effect, default=None)


@settings(deadline=None)
@given(st.sets(DATES, min_size=2, max_size=6).map(sorted), DATES)
def test_a_later_baseline_changes_no_earlier_day(starts: list[str], charge_date: str) -> None:
    """Appending leaves every date before the new baseline with the one it had."""
    baselines = tuple(Baseline("2024-08-31", start, {}) for start in starts)
    before = BaselineSeries(baselines[:-1])
    if charge_date < starts[-1]:
        assert before.append(baselines[-1]).for_date(charge_date) == before.for_date(charge_date)


@given(CHARGES)
def test_series_key(one: Any) -> None:
    """A charge belongs to its resource, or where there is none to its SKU."""
    expected = one.sku_id if one.resource_id is None else one.resource_id
    assert series_key(one).resource_or_sku == expected
    assert series_key(one)._replace(resource_or_sku=None) == (
        one.billing_account_id,
        one.sub_account_id,
        one.service_name,
        one.region_id,
        None,
        one.period_seconds,
    )


def test_none_differs_from_empty() -> None:
    """A series without a region is not the series of an empty region, after a round trip too."""
    keys = [series_key(charge({"region_id": region})) for region in (None, "")]
    one = Baseline("2024-08-31", "2024-09-01", {keys[0]: stats({"level": "1"})})
    again = Baseline.from_bytes(one.to_bytes())
    assert keys[0] in again.entries
    assert keys[1] not in again.entries


def test_order_is_append_only() -> None:
    """A baseline that does not take effect after the last one is refused."""
    with pytest.raises(BaselineError, match="not after 2024-09-01 before it") as caught:
        ONE.append(ONE.baselines[0])
    assert isinstance(caught.value, FinopsError)


def test_entries_are_frozen() -> None:
    """A baseline keeps its own entries, and nobody can change them."""
    entries = dict(ONE.baselines[0].entries)
    one = Baseline("2024-08-31", "2024-09-01", entries)
    entries.clear()
    assert len(one.entries) == 1
    assert isinstance(one.entries, MappingProxyType)


def test_history_days() -> None:
    """The history reaches from the first day of any series to the last day used."""
    one = ONE.baselines[0]
    expected = (date(2024, 8, 31) - date(2024, 8, 1)).days + 1
    assert one.history_days == expected
    assert Baseline("2024-08-31", "2024-09-01", {}).history_days == 0


@pytest.mark.parametrize(
    ("through", "effective_from", "history", "message"),
    [
        ("2024-08-31", "2024-08-31", {}, "effective from 2024-08-31, through 2024-08-31"),
        ("2024-8-31", "2024-09-01", {}, "'2024-8-31' is not a date"),
        ("2024-08-31", "2024-09-31", {}, "day is out of range"),
        ("2024-07-31", "2024-09-01", {}, "first seen on 2024-08-01, after 2024-07-31"),
        ("2024-08-31", "2024-09-01", {"days_seen": 0}, "seen on 0 days"),
        ("2024-08-31", "2024-09-01", {"spread": "-1"}, "a spread of -1"),
        ("2024-08-31", "2024-09-01", {"weekday_level": ["1"]}, "1 weekdays"),
    ],
)
def test_contradictions(
    through: str, effective_from: str, history: dict[str, Any], message: str
) -> None:
    """A baseline that contradicts itself cannot be made."""
    document = {"through": through, "effective_from": effective_from, "series": [history]}
    with pytest.raises(BaselineError, match=message):
        baseline(document)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        json.dumps(DOCUMENT | {"extra": 1}).encode(),
        json.dumps(DOCUMENT | {"format": 2}).encode(),
        json.dumps(DOCUMENT | {"format": 3}).encode(),
        json.dumps(DOCUMENT | {"format": []}).encode(),
        json.dumps(DOCUMENT | {"columns": DOCUMENT["columns"][:-1]}).encode(),
        json.dumps(DOCUMENT | {"through": None}).encode(),
        json.dumps(DOCUMENT | {"series": {}}).encode(),
        json.dumps(DOCUMENT | {"series": [{}]}).encode(),
        json.dumps(DOCUMENT | {"series": DOCUMENT["series"] * 2}).encode(),
        json.dumps(DOCUMENT | {"series": [DOCUMENT["series"][0][:-1]]}).encode(),
        *(
            json.dumps(
                DOCUMENT
                | {"series": [[{} if i == at else v for i, v in enumerate(DOCUMENT["series"][0])]]}
            ).encode()
            for at in range(len(DOCUMENT["columns"]))
        ),
        json.dumps(DOCUMENT).encode().replace(b'"0.1"', b"0.1"),
        json.dumps(DOCUMENT).encode().replace(b'"0.1"', b'"1e-1"'),
    ],
)
def test_damaged(damaged: bytes) -> None:
    """A damaged document is refused, whichever part is damaged."""
    with pytest.raises(BaselineError, match="build the baseline again"):
        Baseline.from_bytes(damaged)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.00", "0"), ("-0.00", "0"), ("1E+3", "1000"), ("100", "100"), ("-1.50", "-1.5")],
)
def test_one_text_per_amount(amount: str, text: str) -> None:
    """Equal amounts are written alike: plain, without zeros to spare, and zero has no sign."""
    assert amount_text(Decimal(amount)) == text


@pytest.mark.parametrize("level", ["0.0000000000001", "1" + "0" * 26, "NaN", "Infinity"])
def test_amounts_fit_the_lake(level: str) -> None:
    """An amount the lake cannot hold is refused before it is stored."""
    document = {
        "through": "2024-08-31",
        "effective_from": "2024-09-01",
        "series": [{"level": level}],
    }
    with pytest.raises(BaselineError, match="is not a plain decimal"):
        baseline(document).baselines[0].to_bytes()
