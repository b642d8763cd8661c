"""The Glue tables of the template against `schemas.tables`."""

from pathlib import Path
from typing import Any

import pytest

from infra.aws import generate
from infra.aws.errors import TemplateError
from infra.aws.generate import (
    BEGIN,
    BEGIN_MONITORING,
    BEGIN_QUERIES,
    END,
    END_MONITORING,
    END_QUERIES,
    renewed,
    with_tables,
)
from infra.aws.template import TEMPLATE
from schemas.lake import FIRST_DATE, LAST_DATE
from schemas.tables import LAKE_ROWS, TABLES, Table
from tests.infra.aws.stack import ACCOUNT, REGION, Stack

LAKE_URL = f"s3://finops-lake-{ACCOUNT}-{REGION}"


def glue_tables(**parameters: str) -> dict[str, dict[str, Any]]:
    """Return the stack's tables by name."""
    tables = Stack.of(**parameters).all("AWS::Glue::Table").values()
    return {t["TableInput"]["Name"]: t["TableInput"] for t in tables}


def test_the_generated_blocks_are_what_the_generator_writes() -> None:
    """Nobody edited them, and nobody changed a table or an alarm without renewing them."""
    assert renewed(TEMPLATE) == TEMPLATE.read_text("utf-8")


def test_renewing_replaces_the_blocks_and_nothing_else(tmp_path: Path) -> None:
    """What stands outside the markers stays; a second run finds nothing to do."""
    path = tmp_path / "t.yaml"
    text = TEMPLATE.read_text("utf-8")
    stale = text
    for begin, end in (
        (BEGIN, END),
        (BEGIN_QUERIES, END_QUERIES),
        (BEGIN_MONITORING, END_MONITORING),
    ):
        before, _, rest = stale.partition(begin)
        stale = f"{before}{begin}  # stale\n{end}{rest.partition(end)[2]}"
    path.write_text(stale)
    assert generate.main(path) == 0
    assert path.read_text() == text
    assert generate.main(path) == 0
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", BEGIN, END + BEGIN, BEGIN + BEGIN + END, BEGIN + END + END])
def test_without_its_markers_a_template_is_left_alone(text: str) -> None:
    """A lost or doubled marker is an error, not a guess."""
    with pytest.raises(TemplateError):
        with_tables(text)


@pytest.mark.parametrize("table", [LAKE_ROWS, *TABLES], ids=lambda t: t.name)
def test_every_table_is_as_the_schemas_say(table: Table) -> None:
    """Columns, partition keys, place and format, in the same order."""
    glue = glue_tables()[table.name]
    storage = glue["StorageDescriptor"]
    columns = [(c.name, c.type) for c in table.columns]
    assert [(c["Name"], c["Type"]) for c in storage["Columns"]] == columns
    keys = [(c.name, c.type) for c in table.partitions]
    assert [(c["Name"], c["Type"]) for c in glue.get("PartitionKeys", [])] == keys
    assert storage["Location"] == f"{LAKE_URL}/{table.prefix}"
    serde = {"parquet": "parquet.serde.ParquetHiveSerDe", "json": "jsonserde.JsonSerDe"}
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith(serde[table.format])
    assert glue["Parameters"]["classification"] == table.format
    assert len(glue["Description"]) <= 2048


def test_no_table_is_missing_and_none_is_left_over() -> None:
    """The template has the tables of the schemas, all in the one database."""
    assert set(glue_tables()) == {LAKE_ROWS.name, *(t.name for t in TABLES)}
    tables = Stack.of().all("AWS::Glue::Table").values()
    assert {t["DatabaseName"] for t in tables} == {"finops"}


def test_projection_covers_what_the_lake_accepts() -> None:
    """Partitions are computed, never registered: the same range that producers may write."""
    parameters = glue_tables(Evaluations="v1,v2-rc")["charges_stored"]["Parameters"]
    assert parameters == {
        "classification": "parquet",
        "projection.enabled": "true",
        "projection.evaluation.type": "enum",
        "projection.evaluation.values": "v1,v2-rc",
        "projection.billing_period.type": "date",
        "projection.billing_period.format": "yyyy-MM",
        "projection.billing_period.range": f"{FIRST_DATE[:7]},{LAST_DATE[:7]}",
        "projection.billing_period.interval": "1",
        "projection.billing_period.interval.unit": "MONTHS",
        "projection.charge_date.type": "date",
        "projection.charge_date.format": "yyyy-MM-dd",
        "projection.charge_date.range": f"{FIRST_DATE},{LAST_DATE}",
        "projection.charge_date.interval": "1",
        "projection.charge_date.interval.unit": "DAYS",
        "storage.location.template": (
            f"{LAKE_URL}/processed/charges/evaluation=${{evaluation}}/"
            "billing_period=${billing_period}/charge_date=${charge_date}/"
        ),
    }
    assert glue_tables()["deliveries_stored"]["Parameters"]["storage.location.template"] == (
        f"{LAKE_URL}/processed/deliveries/asserted_month=${{asserted_month}}/"
    )
