"""The template is the only place that says prefixes, buffers and columns: change it, and see it."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.aws.template import load_template
from infra.ingesting import run_ingest
from infra.local.clock import ManualClock
from infra.wiring import start
from producers.ingest import Options
from schemas.errors import FinopsError
from schemas.lake import PROCESSED, RAW
from tests import samples
from tests.sources import deliver, file_source

Template = dict[str, Any]
ALL_MAY_BE_BAD = Options(max_rejected=1.0)


def changed(**changes: Any) -> Template:
    """Return our template with some of the stream's destination replaced."""
    template = copy.deepcopy(load_template())
    template["Resources"]["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"] |= changes
    return template


def lake_after_ingest(data_dir: Path, template: Mapping[str, Any]) -> Path:
    with start(data_dir, template=template, views=False) as (_, platform):
        run_ingest(platform, file_source(samples.BROKEN), ALL_MAY_BE_BAD)
        return Path(platform.lake)


def test_another_prefix_is_another_place(tmp_path: Path) -> None:
    """Rows lie where the template's Prefix says."""
    prefix = "rows/!{partitionKeyFromLambda:table}/!{partitionKeyFromLambda:partition}/"
    lake = lake_after_ingest(tmp_path, changed(Prefix=prefix))
    assert list((lake / "rows" / "charges").rglob("*.parquet"))
    assert not (lake / PROCESSED).exists()


def test_another_column_is_another_file(tmp_path: Path) -> None:
    """The Parquet files have the columns of the Glue table Firehose converts with."""
    template = copy.deepcopy(load_template())
    rows = template["Resources"]["LakeRowsTable"]["Properties"]["TableInput"]
    columns = rows["StorageDescriptor"]["Columns"]
    rows["StorageDescriptor"]["Columns"] = [c for c in columns if c["Name"] != "list_cost"]
    rows["StorageDescriptor"]["Columns"].append({"Name": "brand_new", "Type": "string"})
    lake = lake_after_ingest(tmp_path, template)
    for file in (lake / PROCESSED).rglob("*.parquet"):
        names = pq.read_schema(file).names
        assert "list_cost" not in names
        assert "brand_new" in names


@pytest.mark.parametrize(("seconds", "delivered"), [(100, False), (300, True)])
def test_another_buffer_interval_delivers_at_another_time(
    tmp_path: Path, seconds: int, delivered: bool
) -> None:
    """On a clock of its own: nothing before the interval the template says, everything after."""
    hints = {"SizeInMBs": 64, "IntervalInSeconds": 120}
    clock = ManualClock(datetime(2026, 9, 1, tzinfo=UTC))
    with start(tmp_path, clock=clock, template=changed(BufferingHints=hints)) as (aws, platform):
        run_ingest_without_flush(platform)
        for _ in range(seconds // 20):
            clock.sleep(20)
            aws.tick()
        found = list(platform.store.list(PROCESSED))
        assert bool(found) is delivered
    assert list(Path(platform.lake, RAW).rglob("finops*"))


def run_ingest_without_flush(platform: Any) -> None:
    deliver(platform, file_source(samples.BROKEN), platform.delivery(), ALL_MAY_BE_BAD)


def test_a_smaller_size_delivers_sooner(tmp_path: Path) -> None:
    """BufferSizeInMBs of the Lambda step decides how many records one invocation gets."""
    calls = []
    for size in ("0.2", "3"):
        template = copy.deepcopy(load_template())
        stream = template["Resources"]["Stream"]["Properties"]
        parameters = stream["ExtendedS3DestinationConfiguration"]["ProcessingConfiguration"][
            "Processors"
        ][0]["Parameters"]
        for parameter in parameters:
            if parameter["ParameterName"] == "BufferSizeInMBs":
                parameter["ParameterValue"] = size
        folder = tmp_path / size
        folder.mkdir()
        with start(folder, template=template, views=False) as (aws, platform):
            records = [{"Data": bytes([i]) * 20_000} for i in range(40)]
            platform.client("firehose").put_record_batch(
                DeliveryStreamName=platform.names.stream, Records=records
            )
            aws.flush()
            logs = platform.client("logs")
            streams = logs.describe_log_streams(logGroupName="/aws/lambda/finops-transform")
            name = streams["logStreams"][0]["logStreamName"]
            events = logs.get_log_events(
                logGroupName="/aws/lambda/finops-transform", logStreamName=name
            )["events"]
            calls.append(sum('"_aws"' in e["message"] for e in events))
    assert calls[0] > calls[1] >= 1


TEMPLATE = load_template()


@pytest.mark.parametrize("name", sorted(TEMPLATE["Resources"]))
def test_a_missing_resource_is_missed_by_its_name(tmp_path: Path, name: str) -> None:
    """Without any one of them nothing starts, and the error names it."""
    template = copy.deepcopy(TEMPLATE)
    del template["Resources"][name]
    with pytest.raises(FinopsError, match=name), start(tmp_path, template=template):
        pass


def test_an_unknown_property_is_refused_by_its_name(tmp_path: Path) -> None:
    """Nothing is skipped in silence."""
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Lake"]["Properties"]["BucketColour"] = "green"
    with pytest.raises(FinopsError, match="BucketColour"), start(tmp_path, template=template):
        pass
