"""What an AWS client reads of the streams in CloudWatch and in CloudWatch Logs."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.local.aws.control_client import ask
from infra.local.aws.meter_control import METER_PATH
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import DeliveryError, Fault, Kind
from tests.infra.firehose.captures import capture, form
from tests.infra.firehose.setups import ROLE, plain, processing
from tests.infra.local_aws.conftest import START

GROUP = "/aws/kinesisfirehose/events"
MISSING = "arn:aws:lambda:us-east-1:123456789012:function:missing"
LOGGING = {"Enabled": True, "LogGroupName": GROUP}


class Watched:
    """A server whose stream logs its errors, with a function that does not exist."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = ManualClock(START)
        self.aws = LocalAws(data_dir, clock=self.clock, random=Random(7))
        self.aws.client("s3").create_bucket(Bucket="lake")
        self.logs = self.aws.client("logs")
        self.firehose = self.aws.client("firehose")

    def create(self, name: str = "events", **changes: Any) -> None:
        """Create a stream."""
        settings = plain(
            CloudWatchLoggingOptions={**LOGGING, "LogStreamName": "DestinationDelivery"},
            ProcessingConfiguration=processing(LambdaArn=MISSING),
        )
        settings["S3BackupConfiguration"] = {
            **settings["S3BackupConfiguration"],
            "CloudWatchLoggingOptions": {**LOGGING, "LogStreamName": "BackupDelivery"},
        }
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration={**settings, **changes}
        )

    def put(self, *records: bytes, name: str = "events") -> None:
        """Put a batch."""
        self.firehose.put_record_batch(
            DeliveryStreamName=name, Records=[{"Data": record} for record in records]
        )

    def log(self, stream: str) -> list[dict[str, Any]]:
        """Return the events of a log stream."""
        events = self.logs.get_log_events(logGroupName=GROUP, logStreamName=stream)["events"]
        return [json.loads(event["message"]) for event in events]

    def make_log(self) -> None:
        """Create the log group and its two streams."""
        self.logs.create_log_group(logGroupName=GROUP)
        for stream in ("DestinationDelivery", "BackupDelivery"):
            self.logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Start a server."""
    running = Watched(tmp_path)
    yield running
    running.aws.faults.clear()
    running.aws.close()


@pytest.mark.fact("metrics-namespace", "metrics-incoming")
def test_metrics_are_in_cloudwatch_on_the_stream_s_clock(watched: Watched) -> None:
    """By list, by statistics and by metric data, each stream for itself, a minute a point."""
    watched.create()
    watched.create("other")
    watched.put(b"aa", b"b")
    watched.clock.advance(by=timedelta(minutes=1))
    watched.put(b"c")
    watched.put(b"xxx", name="other")
    cloudwatch = watched.aws.client("cloudwatch")
    dimensions = [{"Name": "DeliveryStreamName", "Value": "events"}]
    listed = cloudwatch.list_metrics(Namespace="AWS/Firehose", Dimensions=dimensions)["Metrics"]
    assert "IncomingBytes" in {metric["MetricName"] for metric in listed}
    assert all(metric["Dimensions"] == dimensions for metric in listed)
    when = {"StartTime": START, "EndTime": START + timedelta(minutes=5)}
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/Firehose",
        MetricName="IncomingBytes",
        Dimensions=dimensions,
        Period=60,
        Statistics=["Sum", "SampleCount"],
        **when,
    )["Datapoints"]
    assert [(p["Timestamp"], p["Sum"], p["SampleCount"], p["Unit"]) for p in points] == [
        (START, 3, 1, "Bytes"),
        (START + timedelta(minutes=1), 1, 1, "Bytes"),
    ]
    query = {
        "Id": "records",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Firehose",
                "MetricName": "IncomingRecords",
                "Dimensions": dimensions,
            },
            "Period": 300,
            "Stat": "Sum",
        },
    }
    (answer,) = cloudwatch.get_metric_data(MetricDataQueries=[query], **when)["MetricDataResults"]
    assert answer["Values"] == [3]


@pytest.mark.fact("error-log", "error-log-needs-a-stream")
def test_a_function_s_errors_are_logged_as_captured(watched: Watched) -> None:
    """In the stream of the destination: members, their order and types, and the words."""
    watched.make_log()
    watched.create()
    watched.put(b"a", b"b")
    watched.aws.flush()
    (event,) = watched.log("DestinationDelivery")
    captured = capture("log_event")["function"]
    assert form(event) == form(captured)
    assert event == captured
    assert watched.log("BackupDelivery") == []
    (raw,) = watched.logs.get_log_events(logGroupName=GROUP, logStreamName="DestinationDelivery")[
        "events"
    ]
    assert raw["timestamp"] == START.timestamp() * 1000


@pytest.mark.fact("error-log")
def test_what_cannot_be_stored_is_logged_where_it_belongs_and_not_every_time(
    watched: Watched,
) -> None:
    """Ten times a minute at most; the backup has a log of its own."""
    watched.make_log()
    watched.create()
    watched.put(b"a")
    watched.aws.faults.add(Fault(Kind.S3_DOWN))
    for _ in range(15):
        with pytest.raises(DeliveryError):
            watched.aws.flush()
    events = watched.log("BackupDelivery")
    assert [event["errorCode"] for event in events] == ["InternalError"] * 10
    assert form(events[0]) == form(capture("log_event")["destination"])
    watched.clock.advance(by=timedelta(minutes=1))
    with pytest.raises(DeliveryError):
        watched.aws.flush()
    assert len(watched.log("BackupDelivery")) == 11


def test_a_stream_of_the_older_structure_logs_as_well(watched: Watched) -> None:
    """It is described without the extended destination."""
    watched.make_log()
    watched.firehose.create_delivery_stream(
        DeliveryStreamName="events",
        S3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "CloudWatchLoggingOptions": {**LOGGING, "LogStreamName": "DestinationDelivery"},
        },
    )
    watched.put(b"a")
    watched.aws.faults.add(Fault(Kind.S3_DOWN))
    with pytest.raises(DeliveryError, match="S3 is down"):
        watched.aws.flush()
    assert [e["errorCode"] for e in watched.log("DestinationDelivery")] == ["InternalError"]


@pytest.mark.fact("error-log-needs-a-stream")
def test_nothing_is_logged_where_nobody_wants_it_or_there_is_no_log(watched: Watched) -> None:
    """The service makes no groups and no streams."""
    watched.create()
    watched.put(b"a")
    watched.aws.flush()
    assert watched.logs.describe_log_groups()["logGroups"] == []
    watched.make_log()
    watched.create("silent", CloudWatchLoggingOptions={"Enabled": False})
    watched.put(b"a", name="silent")
    watched.create("elsewhere", CloudWatchLoggingOptions={**LOGGING, "LogStreamName": "none"})
    watched.put(b"a", name="elsewhere")
    watched.aws.flush()
    assert watched.log("DestinationDelivery") == []
    streams = watched.logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert len(streams) == 2


@pytest.mark.fact("price-ingestion")
def test_the_bill_is_read_over_http_and_survives_a_restart(tmp_path: Path) -> None:
    """With exact amounts as texts, and since when it counts."""
    first = Watched(tmp_path)
    first.create()
    first.put(b"x" * 6000, b"y")
    first.aws.close()
    second = Watched(tmp_path)
    found = ask(second.aws.endpoint_url, "GET", METER_PATH)
    second.aws.close()
    assert found["since"] == START.isoformat()
    (stream,) = found["streams"]
    assert (stream["stream"], stream["records"], stream["ingested_bytes"]) == ("events", 2, 15360)
    assert stream["total"] == stream["amounts"]["ingestion"] == "0.00000041484832763671875"
    assert stream["backup_objects"] == 1


def test_a_deleted_stream_stays_on_the_bill(watched: Watched) -> None:
    """AWS does not forget either."""
    watched.create()
    watched.put(b"a")
    watched.firehose.delete_delivery_stream(DeliveryStreamName="events")
    (counts,) = watched.aws.meter.counts().values()
    assert counts.records == 1
