"""The columns are what the row path gives: every column, every type, every failure."""

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastavro import schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.store import MemoryStore
from infra.replay.columnar import Columnar
from infra.replay.decoding import decode
from infra.replay.row_path import Judged, judge_rows
from rules import Baseline, BaselineSeries, default_policy, rule_set
from rules.shards import SHARDED_ABOVE
from schemas.codec import ChargeEncoder, Member, compress, encode_completed, split_members
from schemas.events import Envelope
from schemas.registry import CHARGE_RECORDED, latest
from schemas.rows import hive_timestamp
from tests import samples, strategies
from tests.benchmarks.bills import history, records
from transforms.baseline_store import BaselineReader, publish
from transforms.context import Context, default_context

CONTEXT = default_context()
SECOND = replace(CONTEXT, evaluation="v2", rule_set=rule_set("v2"), policy=default_policy(2))
ENCODER = ChargeEncoder()
DAY = 86_400_000_000
AMOUNTS = st.one_of(
    strategies.AMOUNT_TEXT,
    st.decimals(-1000, 1000, places=6).map(lambda d: format(d.normalize(), "f")),
    st.sampled_from(
        [
            "-0",
            "00",
            "1.0",
            "1e3",
            "+1",
            ".5",
            "5.",
            "",
            "x",
            "1" * 27,
            "0.0000000000001",
            "١",
            " 1",
        ]
    ),
)


def _members(bodies: Iterable[bytes]) -> list[Member]:
    found = []
    for body in bodies:
        found += [m for m in split_members(body) if isinstance(m, Member)]
    return found


def _assert_same(bodies: Sequence[bytes], context: Context = CONTEXT) -> Judged:
    members = _members(bodies)
    columnar = Columnar(context)
    expected = judge_rows([member.body for member in members], context)
    for _ in range(2):  # the second time, everything is remembered
        found = columnar.judge(members)
        assert found.failed == expected.failed
        assert set(found.tables) == set(expected.tables)
        for partition, table in found.tables.items():
            table.validate(full=True)
            assert table.schema.equals(expected.tables[partition].schema)
            assert _rows(table) == _rows(expected.tables[partition])
    return expected


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=repr)


def _home(charge: dict[str, Any]) -> dict[str, Any]:
    return {
        "delivery_id": "d",
        "delivery_mode": "overwrite",
        "source": "focus",
        "mapper_version": "1",
        "billing_period": hive_timestamp(charge["billing_period_start"])[:7],
        "charge_date": hive_timestamp(charge["charge_period_start"])[:10],
    }


def _record(charges: Sequence[dict[str, Any]], **envelope: Any) -> bytes:
    home: Any = {**_home(charges[0]), **envelope}
    return compress(ENCODER.message(home, [ENCODER.event(charge) for charge in charges]))


def _charge(**values: Any) -> dict[str, Any]:
    event = latest(CHARGE_RECORDED).parsed["fields"][-1]["type"]["items"]["fields"]
    charge: dict[str, Any] = {field["name"]: None for field in event}
    start = 1_725_148_800_000_000
    charge |= {
        "ordinal": 1, "billing_account_id": "a", "billing_currency": "USD",
        "billing_period_start": start, "billing_period_end": start + 30 * DAY,
        "charge_period_start": start, "charge_period_end": start + 3_600_000_000,
        "charge_category": "Usage", "billed_cost": "1.5", "effective_cost": "1.25",
    }  # fmt: skip
    return charge | values


@pytest.mark.parametrize("file", [samples.REAL, samples.GENERATED], ids=lambda file: file.stem)
def test_a_bill_of_the_samples(file: Path) -> None:
    bodies = list(records(file, 2_000))
    judged = _assert_same(bodies)
    assert sum(table.num_rows for table in judged.tables.values()) == 2_000


@pytest.mark.parametrize("file", [samples.REAL, samples.GENERATED], ids=lambda file: file.stem)
@pytest.mark.parametrize("share", ["2", "0.000001"])
@pytest.mark.parametrize("context", [CONTEXT, SECOND], ids=["v1", "v2"])
def test_judged_by_baselines_that_change_within_the_log(
    file: Path, share: str, context: Context
) -> None:
    bodies = list(records(file, 1_000, unlike=True))
    first = history(bodies, Decimal(share))
    later = Baseline("2024-09-02", "2024-09-03", dict(list(first.entries.items())[::2]))
    series = BaselineSeries((first,) if first.effective_from > "2024-09-03" else (first, later))
    _assert_same(bodies, replace(context, baselines=series))


def test_judged_by_a_baseline_in_shards() -> None:
    """Rows of accounts in several shards come back in their order, judged as by the whole."""
    bodies = list(records(samples.REAL, 600))
    first = history(bodies, Decimal("0.000001"))
    fillers = (
        (key._replace(sub_account_id=f"other-{n}", resource_or_sku=str(n)), stats)
        for n, (key, stats) in zip(range(SHARDED_ABOVE), cycle(first.entries.items()), strict=False)
    )
    large = replace(first, entries={**dict(fillers), **first.entries})
    store = MemoryStore()
    publish(store, "v1", large)
    in_shards = BaselineReader(store, "v1").series()
    whole = _assert_same(bodies, replace(CONTEXT, baselines=BaselineSeries((large,))))
    judged = _assert_same(bodies, replace(CONTEXT, baselines=in_shards))
    assert {p: _rows(t) for p, t in judged.tables.items()} == {
        p: _rows(t) for p, t in whole.tables.items()
    }


def test_usual_records_do_not_take_the_row_path() -> None:
    members = _members(records(samples.REAL, 1_000))
    assert decode([member.message for member in members]) is not None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(strategies.charges(), min_size=1, max_size=4), max_size=4), st.data())
def test_any_events(batches: list[list[dict[str, Any]]], data: st.DataObject) -> None:
    bodies = []
    for charges in batches:
        for charge in charges:
            if data.draw(st.booleans()):
                charge["charge_period_start"] = charges[0]["charge_period_start"]
                charge["billing_period_start"] = charges[0]["billing_period_start"]
        bodies.append(_record(charges, delivery_id=data.draw(strategies.TEXT)))
    _assert_same(bodies)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(AMOUNTS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_amounts_in_any_form(amounts: list[list[str]]) -> None:
    charges = [
        _charge(ordinal=n, billed_cost=billed, list_cost=listed)
        for n, (billed, listed) in enumerate(amounts)
    ]
    _assert_same([_record([charge]) for charge in charges] + [_record(charges)])


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_messages_with_changed_bytes(seed: int, changes: int) -> None:
    chance = random.Random(seed)
    charges = [
        _charge(ordinal=n, tags={"a": "b", "äö": "c"}, charge_description="d" * 70)
        for n in range(4)
    ]
    home: Any = _home(charges[0])
    message = bytearray(ENCODER.message(home, [ENCODER.event(charge) for charge in charges]))
    for _ in range(changes):
        message[chance.randrange(2, len(message))] = chance.randrange(256)
    if chance.random() < 0.2:
        message += bytes(chance.randrange(1, 4))
    _assert_same([compress(bytes(message)), _record(charges)])


@pytest.mark.parametrize(
    "charge",
    [
        _charge(charge_period_start=0),
        _charge(charge_period_start=_charge()["charge_period_start"] - DAY),
        _charge(charge_period_end=0),
        _charge(charge_period_end=-(2**62)),
        _charge(billing_period_end=2**62),
        _charge(ordinal=2**60),
        _charge(ordinal=-1),
        _charge(tags={}),
        _charge(tags={"": ""}),
        _charge(tags={"application": " ", "Environment": "x"}, x_extensions={"delivery_id": "x"}),
        _charge(charge_description='a\n{"delivery_id":\x00"\u2028'),
        _charge(effective_cost=None, billed_cost="99999999999999999999999999.999999999999"),
        _charge(charge_category="Tax"),
        _charge(charge_class="Correction"),
        _charge(charge_frequency="One-Time", billed_cost="-3"),
    ],
)
def test_unusual_events_beside_usual_ones(charge: dict[str, Any]) -> None:
    usual = _charge(ordinal=7)
    home = _home(usual)
    _assert_same([_record([usual, charge], **home), _record([usual])])


@pytest.mark.parametrize(
    "envelope",
    [
        {"charge_date": "2024-09-02"},
        {"charge_date": "2024-02-31"},
        {"charge_date": "../../x"},
        {"billing_period": "2024-08"},
        {"billing_period": "2024-13"},
        {"billing_period": ""},
        {"delivery_mode": "append", "delivery_id": "ä" * 100},
    ],
)
def test_envelopes(envelope: dict[str, Any]) -> None:
    _assert_same([_record([_charge()], **envelope), _record([_charge()])])


def test_nothing_and_next_to_nothing() -> None:
    assert Columnar(CONTEXT).judge([]) == Judged()
    home: Any = _home(_charge())
    empty = compress(ENCODER.message(home, []))
    _assert_same([empty])
    _assert_same([empty, _record([_charge()]), empty])


def test_copies_are_rows_of_their_own() -> None:
    record = _record([_charge()])
    judged = _assert_same([record, record])
    assert judged.tables[("2024-09", "2024-09-01")].num_rows == 2


def test_other_messages() -> None:
    envelope = Envelope(
        delivery_id="d", delivery_mode="overwrite", source="focus", mapper_version="1"
    )
    completed: Any = {
        "ordinal": 0, "source_name": "s", "dataset_instance": "", "replaces_scope": False,
        "settings": {}, "billing_account_id": "a", "scope_period": "2024-09", "asserted_at": 0,
        "events": 0, "days": [], "rejected": [], "revision": 0,
    }  # fmt: skip
    unknown = compress(b"\xc3\x01" + bytes(8) + b"x")
    bodies = [
        compress(encode_completed(envelope, completed)), unknown, compress(b""), compress(b"text"),
        _record([_charge()]),
    ]  # fmt: skip
    assert len(_assert_same(bodies).failed) == 3


def test_arrays_in_several_blocks() -> None:
    schema = latest(CHARGE_RECORDED)
    head = io.BytesIO()
    schemaless_writer(head, schema.parsed, {**_home(_charge()), "events": []})
    event = ENCODER.event(_charge())
    sized = b"\x01" + bytes([len(event) << 1 & 0x7F | 0x80, len(event) >> 6]) + event
    for blocks in (b"\x02" + event + b"\x02" + event, sized, b"\x82\x00" + event):
        message = b"\xc3\x01" + schema.fingerprint + head.getvalue()[:-1] + blocks + b"\x00"
        judged = _assert_same([compress(message), _record([_charge()])])
        assert not judged.failed


def test_a_key_of_tags_twice() -> None:
    event = ENCODER.event(_charge(tags={"kk": "1", "kl": "2"}, x_extensions={"a": "b"}))
    twice = event.replace(b"kl", b"kk")
    home: Any = _home(_charge())
    judged = _assert_same([compress(ENCODER.message(home, [twice, event])), _record([_charge()])])
    tags = [row["tags"] for row in judged.tables[("2024-09", "2024-09-01")].to_pylist()]
    assert [("kk", "2")] in tags
