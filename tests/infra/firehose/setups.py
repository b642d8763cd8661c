"""A small world for the tests: a clock to move, functions that answer, and a configuration."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from infra.local.firehose import (
    DEFAULT_CHOICES,
    NO_FAULTS,
    Choices,
    Faults,
    Journals,
    LocalFirehose,
    no_journal,
)
from infra.local.firehose.environment import Denied, nothing_denied
from infra.local.store import MemoryStore
from schemas.tables import Column, Table

START = datetime(2026, 11, 23, 10, 30, 15, 250_000, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:transform:live"
ROLE = "arn:aws:iam::000000000000:role/firehose"
STREAM = "events"

TABLE = Table(
    name="rows",
    prefix="main/",
    format="parquet",
    columns=(
        Column("id", "bigint", "A number."),
        Column("text", "string", "A text."),
        Column("money", "decimal(38,12)", "An amount."),
        Column("rate", "decimal(10,2)", "A small amount."),
        Column("at", "timestamp", "A moment."),
        Column("tags", "map<string,string>", "Labels."),
        Column("parts", "array<struct<name:string,amount:decimal(38,12)>>", "Parts."),
    ),
    partitions=(),
    meaning="A table for tests.",
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


class Function:
    """A Lambda function that answers each record by `answer` and remembers its events."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.events: list[dict[str, Any]] = []

    def __call__(self, request: str) -> str:
        """Answer one invocation."""
        event = json.loads(request)
        self.events.append(event)
        answers = [self.answer(record) for record in event["records"]]
        return json.dumps({"records": [a for a in answers if a is not None]})


def data_of(record: Mapping[str, Any]) -> bytes:
    """Return a record's bytes."""
    return base64.b64decode(record["data"])


def ok(record: Mapping[str, Any], data: bytes | None = None, **keys: Any) -> dict[str, Any]:
    """Answer Ok, with the record's own data if none is given."""
    text = record["data"] if data is None else base64.b64encode(data).decode()
    answer = {"recordId": record["recordId"], "result": "Ok", "data": text}
    return {**answer, "metadata": {"partitionKeys": keys}} if keys else answer


def echo(record: dict[str, Any]) -> dict[str, Any]:
    """Answer Ok with the same data, in partition `a`."""
    return ok(record, k="a")


def configuration(**changes: Any) -> dict[str, Any]:
    """Return a configuration with everything on; a change to None removes the setting."""
    full: dict[str, Any] = {
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": ROLE,
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "CompressionFormat": "UNCOMPRESSED",
        "Prefix": "main/k=!{partitionKeyFromLambda:k}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
        "DynamicPartitioningConfiguration": {
            "Enabled": True,
            "RetryOptions": {"DurationInSeconds": 300},
        },
        "ProcessingConfiguration": processing(),
        "DataFormatConversionConfiguration": conversion(),
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
            "CompressionFormat": "UNCOMPRESSED",
            "Prefix": "raw/dt=!{timestamp:yyyy-MM-dd}/",
        },
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    return {name: value for name, value in {**full, **changes}.items() if value is not None}


def plain(**changes: Any) -> dict[str, Any]:
    """Return a configuration with neither partitions nor conversion."""
    return configuration(
        **{
            "Prefix": "main/",
            "DynamicPartitioningConfiguration": None,
            "DataFormatConversionConfiguration": None,
            **changes,
        }
    )


def processing(**parameters: str) -> dict[str, Any]:
    """Return a processing configuration with one Lambda; an empty value removes a parameter."""
    values = {
        "LambdaArn": FUNCTION,
        "NumberOfRetries": "2",
        "BufferSizeInMBs": "0.2",
        "BufferIntervalInSeconds": "60",
        **parameters,
    }
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Lambda",
                "Parameters": [
                    {"ParameterName": name, "ParameterValue": value}
                    for name, value in values.items()
                    if value
                ],
            }
        ],
    }


def delimiting(delimiter: str = "\\n") -> dict[str, Any]:
    """Return a processing configuration that only puts a delimiter between records."""
    parameters = [{"ParameterName": "Delimiter", "ParameterValue": delimiter}]
    processor = {"Type": "AppendDelimiterToRecord", "Parameters": parameters}
    return {"Enabled": True, "Processors": [processor]}


def conversion(openx: Mapping[str, Any] | None = None, **parquet: Any) -> dict[str, Any]:
    """Return a conversion of the test table."""
    return {
        "Enabled": True,
        "InputFormatConfiguration": {
            "Deserializer": {"OpenXJsonSerDe": openx or {"CaseInsensitive": False}}
        },
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": parquet}},
        "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "db", "TableName": "rows"},
    }


class World:
    """A service with one stream, its store, its clock and its function."""

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        answer: Answer = echo,
        *,
        function: Callable[[str], str] | None = None,
        faults: Faults = NO_FAULTS,
        seed: int = 1,
        store: MemoryStore | None = None,
        journals: Journals = no_journal,
        choices: Choices = DEFAULT_CHOICES,
        tables: Mapping[tuple[str, str], Table] | None = None,
        denied: Denied = nothing_denied,
    ) -> None:
        self.clock = Clock()
        self.store = store or MemoryStore()
        self.function = Function(answer)
        self.settings = configuration() if settings is None else settings
        self._make = partial(
            LocalFirehose,
            stores={"lake": self.store},
            functions={FUNCTION: function or self.function},
            tables={("db", "rows"): TABLE} if tables is None else tables,
            clock=self.clock,
            random=Random(seed),
            faults=faults,
            journals=journals,
            choices=choices,
            denied=denied,
        )
        self.firehose = self._make()
        self.arn = self.firehose.create_delivery_stream(STREAM, self.settings)

    def restart(self) -> None:
        """Go on as after a `kill -9`: a new service, with nothing of the old one's memory."""
        self.firehose.close()  # the kernel closes the files of a killed process, too
        self.firehose = self._make()
        self.firehose.create_delivery_stream(STREAM, self.settings)

    def put(self, *records: bytes) -> dict[str, Any]:
        """Put one batch."""
        return self.firehose.put_record_batch(STREAM, records)

    def flush(self) -> None:
        """Deliver everything."""
        self.firehose.flush(STREAM)

    def tick(self, seconds: float = 0) -> None:
        """Move the clock and deliver what is due."""
        self.clock.advance(seconds)
        self.firehose.tick()

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys stored."""
        return [info.key for info in self.store.list(prefix)]

    def bodies(self, prefix: str) -> list[bytes]:
        """Return the objects under a prefix."""
        return [self.store.get(key) for key in self.keys(prefix)]

    def error_lines(self, error_type: str) -> list[dict[str, Any]]:
        """Return the error lines of a type, in order."""
        bodies = self.bodies(f"errors/{error_type}/")
        return [json.loads(line) for body in bodies for line in body.splitlines()]
