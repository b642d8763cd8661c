"""Released schemas never change, and say the same as the tables."""

from schemas import registry
from schemas.tables import (
    CHARGES_STORED,
    DELIVERY,
    EXTENSIONS,
    FOCUS,
    IDENTITY,
    LAKE_ROWS,
    VERDICTS,
)


def test_released_schemas_are_frozen() -> None:
    """A changed byte in a released file, or a file outside the ledger, is an error."""
    for line in registry.ledger():
        now = registry.ledger_line(line["name"], line["version"])
        assert now == line, (
            f"schemas/avro/{line['name']}/{line['version']}.avsc is released: make a new version"
        )
    assert len(registry.schemas()) == len(registry.ledger())


def test_the_newest_charge_schema_has_every_column() -> None:
    """What a source can say, the wire can carry, in the order of the table."""
    fields = {f["name"]: f for f in registry.latest("charge_recorded").parsed["fields"]}
    event = [f["name"] for f in fields["events"]["type"]["items"]["fields"]]
    assert event == ["ordinal", *(c.name for c in FOCUS), *(c.name for c in EXTENSIONS)]


def test_the_newest_completion_schema_fits_the_deliveries_table() -> None:
    """Every DeliveryCompleted field is a column; identity and mapper come from the envelope."""
    schema = registry.latest("delivery_completed")
    fields = {f["name"]: f for f in schema.parsed["fields"]}
    event = {f["name"] for f in fields["events"]["type"]["items"]["fields"]}
    envelope = set(fields) - {"events"}
    assert event | envelope == {c.name for c in (*IDENTITY, *DELIVERY)}


def test_firehose_converts_with_every_column() -> None:
    """The union table holds what both tables hold, once."""
    names = [c.name for c in LAKE_ROWS.columns]
    assert len(names) == len(set(names))
    assert set(names) == {c.name for c in (*IDENTITY, *FOCUS, *EXTENSIONS, *VERDICTS, *DELIVERY)}
    assert all(c.name == c.name.lower() for c in LAKE_ROWS.columns)
    assert CHARGES_STORED.partitions[-1].name == "charge_date"
