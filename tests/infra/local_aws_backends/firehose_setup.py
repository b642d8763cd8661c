"""A bucket, a Glue table and a function, and Firehose over HTTP between them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws.firehose_control import FirehoseControl
from infra.local.clock import ManualClock
from tests.infra.firehose.setups import Function, configuration, echo
from tests.infra.local_aws_backends.endpoints import Endpoint

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


BUCKET_ARN = "arn:aws:s3:::lake"


class FirehoseSetup:
    """A server with a bucket, a Glue table and a function."""

    def __init__(
        self,
        served: Endpoint,
        control: FirehoseControl,
        clock: ManualClock,
        function: Function | None = None,
    ) -> None:
        self.served, self.control, self.clock = served, control, clock
        self.function = function or Function(echo)
        self.firehose = served.client("firehose")
        self.s3 = served.client("s3")
        self.s3.create_bucket(Bucket="lake")
        glue = served.client("glue")
        glue.create_database(DatabaseInput={"Name": "db"})
        glue.create_table(DatabaseName="db", TableInput=_table_input())

    def create(self, settings: dict[str, Any] | None = None, **request: Any) -> str:
        """Create the stream `events` and return its ARN."""
        answer = self.firehose.create_delivery_stream(
            DeliveryStreamName="events",
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration=configuration() if settings is None else settings,
            **request,
        )
        return str(answer["DeliveryStreamARN"])

    def described(self) -> dict[str, Any]:
        """Describe the stream."""
        answer = self.firehose.describe_delivery_stream(DeliveryStreamName="events")
        description: dict[str, Any] = answer["DeliveryStreamDescription"]
        return description

    def put(self, *records: bytes) -> dict[str, Any]:
        """Put one batch."""
        answer: dict[str, Any] = self.firehose.put_record_batch(
            DeliveryStreamName="events", Records=[{"Data": record} for record in records]
        )
        return answer

    def keys(self, prefix: str = "") -> list[str]:
        """List the bucket over HTTP."""
        listed = self.s3.list_objects_v2(Bucket="lake", Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def refusal(self, settings: dict[str, Any], **request: Any) -> tuple[str, str]:
        """Create the stream, expecting an error, and return its code and message."""
        with pytest.raises(ClientError) as caught:
            self.create(settings, **request)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


def _table_input() -> dict[str, Any]:
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "money", "Type": "decimal(38,12)"}]
    return {
        "Name": "rows",
        "StorageDescriptor": {"Columns": columns, "Location": "s3://lake/main/"},
        "PartitionKeys": [{"Name": "k", "Type": "string"}],
    }
