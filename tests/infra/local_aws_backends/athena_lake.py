"""A lake in a folder, its tables in Glue, and Athena over HTTP to ask it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws.athena_backend import register_athena
from infra.local.clock import ManualClock
from infra.local.store import DirectoryStore
from schemas.tables import Table
from tests.infra.athena.lakes import ITEMS, STATE
from tests.infra.local_aws_backends.endpoints import Endpoint, bucket_store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


OUTPUT = "s3://results/answers/"


PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


OPENX = "org.openx.data.jsonserde.JsonSerDe"


PROJECTION = {
    "projection.enabled": "true",
    "projection.period.type": "date",
    "projection.period.format": "yyyy-MM",
    "projection.period.range": "2015-01,2049-12",
    "projection.period.interval": "1",
    "projection.period.interval.unit": "MONTHS",
    "projection.day.type": "date",
    "projection.day.format": "yyyy-MM-dd",
    "projection.day.range": "2015-01-01,2049-12-31",
}


Work = Callable[[], None]


class Queue:
    """A background that runs work at once, or keeps it until told."""

    def __init__(self) -> None:
        self.held = False
        self.waiting: list[Work] = []

    def __call__(self, work: Work) -> None:
        """Take on some work."""
        if self.held:
            self.waiting.append(work)
        else:
            work()

    def release(self) -> None:
        """Run what waits."""
        while self.waiting:
            self.waiting.pop(0)()


class AthenaLake:
    """A server, a lake in a folder, and tables in Glue."""

    def __init__(self, served: Endpoint, lake: Path) -> None:
        self.lake = lake
        self.queue = Queue()
        self.clock = ManualClock(START)
        stores = {"lake": DirectoryStore(lake)}
        register_athena(
            bucket_store=lambda name: stores.get(name) or bucket_store(name),
            bucket_folder={"lake": lake}.__getitem__,
            clock=self.clock,
            random=Random(1),
            background=self.queue,
        )
        self.athena, self.s3 = served.client("athena"), served.client("s3")
        self.glue = served.client("glue")
        self.s3.create_bucket(Bucket="results")
        self.glue.create_database(DatabaseInput={"Name": "finops"})
        self.table(ITEMS, PARQUET, PROJECTION)
        self.table(STATE, OPENX)

    def table(
        self, table: Table, serde: str, parameters: dict[str, str] | None = None, **changes: Any
    ) -> None:
        """Create a table in Glue."""
        storage = {
            "Columns": [{"Name": c.name, "Type": c.type} for c in table.columns],
            "Location": f"s3://lake/{table.prefix}",
            "SerdeInfo": {"SerializationLibrary": serde},
            **changes,
        }
        self.glue.create_table(
            DatabaseName="finops",
            TableInput={
                "Name": table.name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": parameters or {},
                "PartitionKeys": [{"Name": c.name, "Type": c.type} for c in table.partitions],
                "StorageDescriptor": storage,
            },
        )

    def start(self, sql: str, *parameters: str, database: str = "finops", **request: Any) -> str:
        """Start a query and return its id."""
        given = {"ExecutionParameters": list(parameters)} if parameters else {}
        answer = self.athena.start_query_execution(
            **{
                "QueryString": sql,
                "QueryExecutionContext": {"Database": database},
                "ResultConfiguration": {"OutputLocation": OUTPUT},
                **given,
                **request,
            }
        )
        return str(answer["QueryExecutionId"])

    def execution(self, id_: str) -> dict[str, Any]:
        """Return an execution."""
        found: dict[str, Any] = self.athena.get_query_execution(QueryExecutionId=id_)
        execution: dict[str, Any] = found["QueryExecution"]
        return execution

    def rows(self, sql: str, *parameters: str, **request: Any) -> list[list[str | None]]:
        """Run a statement and return all rows of text, its header included."""
        id_ = self.start(sql, *parameters, **request)
        status = self.execution(id_)["Status"]
        assert status["State"] == "SUCCEEDED", status
        return self.values(id_)

    def values(self, id_: str) -> list[list[str | None]]:
        """Return all rows of text of an execution that succeeded."""
        results = self.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]
        return [[datum.get("VarCharValue") for datum in row["Data"]] for row in results["Rows"]]

    def failure(self, sql: str, *parameters: str, **request: Any) -> str:
        """Run a statement that fails and return the reason."""
        status = self.execution(self.start(sql, *parameters, **request))["Status"]
        assert status["State"] == "FAILED", status
        assert status["AthenaError"]["ErrorCategory"] == 2
        return str(status["StateChangeReason"])

    def status(self, sql: str, *parameters: str, **request: Any) -> dict[str, Any]:
        """Run a statement and return what became of it."""
        status: dict[str, Any] = self.execution(self.start(sql, *parameters, **request))["Status"]
        return status

    def refusal(self, sql: str, **request: Any) -> str:
        """Start a statement that is refused and return the message."""
        with pytest.raises(ClientError) as caught:
            self.start(sql, **request)
        assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
        return str(caught.value.response["Error"]["Message"])
