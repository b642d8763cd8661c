"""Events of an older schema version read as the newest one says them."""

import io

from fastavro import schemaless_writer

from schemas.codec import MARKER, Batch, compress, decode
from schemas.registry import DELIVERY_COMPLETED, latest, schemas
from schemas.upcast import STEPS, upcast

V1 = {
    "ordinal": 9,
    "source_name": "old.csv",
    "billing_account_id": "1",
    "scope_period": "2026-01",
    "asserted_at": 1_770_000_000_000_000,
    "events": 0,
    "days": [],
    "rejected": [],
}


def test_every_version_but_the_newest_has_a_step() -> None:
    """A chain without gaps, one step for each jump."""
    steps = {(step.name, step.version) for step in STEPS}
    for schema in schemas().values():
        assert ((schema.name, schema.version) in steps) is (schema != latest(schema.name))


def test_a_record_of_version_1_is_read_as_version_2() -> None:
    """Old records stay readable; what they could not say is said for them."""
    schema = next(s for s in schemas().values() if (s.name, s.version) == (DELIVERY_COMPLETED, 1))
    envelope = {
        "delivery_id": "d",
        "delivery_mode": "overwrite",
        "source": "focus",
        "mapper_version": "1",
    }
    body = io.BytesIO()
    schemaless_writer(body, schema.parsed, {**envelope, "events": [V1]})
    batch = decode(compress(MARKER + schema.fingerprint + body.getvalue()))
    assert isinstance(batch, Batch)
    (event,) = batch.events
    assert event == {
        **V1,
        "dataset_instance": "",
        "replaces_scope": False,
        "settings": {},
        "revision": 0,
    }


def test_events_of_the_newest_version_stay_as_they_are() -> None:
    """No step, no copy."""
    events = [{"revision": 3}]
    assert upcast(DELIVERY_COMPLETED, 2, events) is events
