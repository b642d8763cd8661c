"""Which Glue tables are read, and which are refused by name."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.local.aws.athena_backend import register_athena
from tests.infra.athena.lakes import ITEMS, ROWS, STATE, write_items
from tests.infra.local_aws_backends.athena_lake import OPENX, PARQUET, PROJECTION, AthenaLake
from tests.infra.local_aws_backends.endpoints import Endpoint, bucket_store


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"projection.day.type": "injected"}, "projection.day.type injected"),
        ({"projection.day.interval": "2"}, "interval 2"),
        ({"projection.day.interval.unit": "HOURS"}, "interval.unit HOURS"),
        ({"projection.day.range": "NOW-3DAYS,NOW"}, "projection of column day"),
        ({"projection.day.format": "yyyy-MMM"}, "format yyyy-MMM"),
        ({"projection.day.range": "2026-01-01,2026-01-31"}, "day=2026-02-01 lies outside"),
        ({"storage.location.template": "s3://lake/other/${period}/${day}"}, "location.template"),
    ],
)
def test_tables_that_athena_would_read_otherwise_are_refused(
    athena: AthenaLake, changes: dict[str, str], words: str
) -> None:
    """A projection that is not ours, or that leaves files unseen, fails the query by its name."""
    athena.glue.delete_table(DatabaseName="finops", Name="items")
    athena.table(ITEMS, PARQUET, {**PROJECTION, **changes})
    reason = athena.failure("select count(*) as n from items")
    assert reason.startswith("NOT_SUPPORTED: ")
    assert words in reason
    assert athena.rows("select events from state")[1] == ["2"]


@pytest.mark.parametrize(
    ("serde", "changes", "words"),
    [
        ("org.apache.hadoop.hive.serde2.OpenCSVSerde", {}, "OpenCSVSerde"),
        (OPENX, {"Location": "hdfs://x/"}, "hdfs"),
        (OPENX, {"Location": "s3://nowhere/x/"}, "nowhere"),
        (
            OPENX,
            {"SerdeInfo": {"SerializationLibrary": OPENX, "Parameters": {"mapping.a": "b"}}},
            "mapping.a",
        ),
    ],
)
def test_storage_that_cannot_be_read_faithfully_is_refused(
    athena: AthenaLake, serde: str, changes: dict[str, Any], words: str
) -> None:
    """A table of another format or place fails only the queries that name it."""
    athena.glue.delete_table(DatabaseName="finops", Name="state")
    athena.table(STATE, serde, **changes)
    athena.rows("create view other as select count(*) as n from items")
    assert words in athena.failure("select * from state")
    assert athena.rows("select n from other")[1] == ["3"]


def test_the_layout_s_own_template_is_fine(athena: AthenaLake) -> None:
    """A location template that spells the Hive layout out changes nothing."""
    template = "s3://lake/processed/items/period=${period}/day=${day}/"
    athena.glue.delete_table(DatabaseName="finops", Name="items")
    athena.table(ITEMS, PARQUET, {**PROJECTION, "storage.location.template": template})
    assert athena.rows("select count(*) as n from items")[1] == ["3"]


def test_tables_may_lie_in_several_buckets(served: Endpoint, tmp_path: Path) -> None:
    """A query joins tables of different buckets."""
    folders = {"lake": tmp_path / "lake", "second": tmp_path / "second"}
    write_items(folders["lake"], "2026-01-31", ROWS[:1])
    (folders["second"] / "state").mkdir(parents=True)
    (folders["second"] / "state" / "a.json").write_text('{"day":"2026-01-31","events":7}\n')
    athena = AthenaLake(served, folders["lake"])
    register_athena(
        bucket_store=bucket_store,
        bucket_folder=folders.__getitem__,
        clock=athena.clock,
        random=Random(1),
        background=athena.queue,
    )
    athena.glue.delete_table(DatabaseName="finops", Name="state")
    athena.table(STATE, OPENX, Location="s3://second/state")
    joined = "select i.id, s.events from items i join state s on s.day = i.day"
    assert athena.rows(joined)[1:] == [["1", "7"]]


def test_a_folder_without_a_file_is_no_partition(athena: AthenaLake) -> None:
    """S3 has no folders: what was deleted there is in nobody's way."""
    athena.glue.delete_table(DatabaseName="finops", Name="items")
    narrow = {"projection.day.range": "2026-01-01,2026-01-31"}
    athena.table(ITEMS, PARQUET, {**PROJECTION, **narrow})
    assert "lies outside" in athena.failure("select count(*) as n from items")
    for path in (athena.lake / ITEMS.prefix).rglob("day=2026-02-01/*"):
        path.unlink()
    assert athena.rows("select count(*) as n from items")[1] == ["1"]
