"""Hypothesis strategies for events: any value a schema allows, not only tidy ones."""

from typing import Any

from hypothesis import strategies as st

from schemas.registry import CHARGE_RECORDED, latest
from schemas.tables import AMOUNTS, FOCUS, MONEY

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TAGS = st.dictionaries(TEXT, TEXT, max_size=3)
MICROS = st.integers(1_420_070_400_000_000, 2_500_000_000_000_000)
AMOUNT_TEXT = st.sampled_from(["0", "1", "-0.5", "0.000000000001", "12345678901234567890.25"])


def _required() -> set[str]:
    fields = {f["name"]: f for f in latest(CHARGE_RECORDED).parsed["fields"]}
    event = fields["events"]["type"]["items"]
    return {f["name"] for f in event["fields"] if not isinstance(f["type"], list)}


def _value(column_type: str) -> st.SearchStrategy[Any]:
    match column_type:
        case "timestamp":
            return MICROS
        case "map<string,string>":
            return TAGS
        case _ if column_type == MONEY:
            return AMOUNT_TEXT
    return TEXT


def charges() -> st.SearchStrategy[dict[str, Any]]:
    """Any ChargeRecorded: required columns set, each other one set or null."""
    required = _required()
    fields = {
        c.name: _value(c.type) if c.name in required else st.none() | _value(c.type) for c in FOCUS
    }
    return st.fixed_dictionaries(
        {"ordinal": st.integers(0, 2**40), **fields, "x_extensions": st.none() | TAGS}
    )


def envelopes() -> st.SearchStrategy[dict[str, Any]]:
    """Any envelope of a DeliveryCompleted."""
    return st.fixed_dictionaries(
        {
            "delivery_id": TEXT,
            "delivery_mode": st.sampled_from(["overwrite", "append"]),
            "source": TEXT,
            "mapper_version": TEXT,
        }
    )


def charge_envelopes() -> st.SearchStrategy[dict[str, Any]]:
    """Any envelope of charges, partition included."""
    return st.builds(
        lambda e, p: {**e, **p},
        envelopes(),
        st.fixed_dictionaries(
            {
                "billing_period": st.sampled_from(["2024-09", "2026-02"]),
                "charge_date": st.sampled_from(["2024-09-01", "2024-10-31"]),
            }
        ),
    )


def completions() -> st.SearchStrategy[dict[str, Any]]:
    """Any DeliveryCompleted."""
    number = st.integers(0, 2**40)
    sums = st.fixed_dictionaries(
        {
            "currency": TEXT,
            "column_name": st.sampled_from(AMOUNTS),
            "stored": AMOUNT_TEXT,
            "residue": AMOUNT_TEXT,
        }
    )
    days = st.fixed_dictionaries(
        {
            "billing_period": TEXT,
            "charge_date": TEXT,
            "events": number,
            "content_hash": TEXT,
            "held_by": st.none() | TEXT,
            "sums": st.lists(sums, max_size=2),
        }
    )
    rejected = st.fixed_dictionaries(
        {
            "reason": TEXT,
            "rows": number,
            "currency": st.none() | TEXT,
            "billed_cost": st.none() | AMOUNT_TEXT,
        }
    )
    return st.fixed_dictionaries(
        {
            "ordinal": number,
            "source_name": TEXT,
            "dataset_instance": TEXT,
            "replaces_scope": st.booleans(),
            "settings": st.dictionaries(TEXT, TEXT, max_size=2),
            "billing_account_id": TEXT,
            "scope_period": TEXT,
            "asserted_at": MICROS,
            "events": number,
            "days": st.lists(days, max_size=2),
            "rejected": st.lists(rejected, max_size=2),
            "revision": number,
        }
    )
