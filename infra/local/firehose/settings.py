"""A delivery stream's configuration after parsing: frozen values with defaults filled in."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Literal

from infra.local.firehose.buffers import Hints
from infra.local.firehose.joda_pattern import JodaPattern
from infra.local.firehose.prefix import Prefix

Compression = Literal["UNCOMPRESSED", "GZIP"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where and how objects are stored: the main output, or the backup."""

    bucket: str
    prefix: Prefix
    error_prefix: Prefix | None
    hints: Hints
    compression: Compression
    extension: str | None
    """`FileExtension`, which replaces the usual one; None when not set."""
    zone: tzinfo
    role: str
    """The ARN of the role that stores them."""

    @property
    def output_prefix(self) -> Prefix:
        """What its objects are stored under."""
        return self.prefix.with_time()

    @property
    def error_output_prefix(self) -> Prefix:
        """What its error objects are stored under."""
        return (self.error_prefix or self.prefix).with_error_type()


@dataclass(frozen=True, slots=True)
class LambdaStep:
    """The one Lambda processor."""

    arn: str
    retries: int
    hints: Hints
    role: str
    """The ARN of the role that invokes it; empty for the destination's."""


@dataclass(frozen=True, slots=True)
class Processing:
    """`ProcessingConfiguration`, with its processors."""

    enabled: bool
    function: LambdaStep | None
    delimiter: bytes
    """What AppendDelimiterToRecord puts between the records of the main output."""


@dataclass(frozen=True, slots=True)
class OpenX:
    """Options of the OpenXJsonSerDe."""

    case_insensitive: bool
    dots_to_underscores: bool
    mappings: dict[str, str]
    """Column name to JSON key."""


MILLIS = "millis"
"""The timestamp format that is no pattern: milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Hive:
    """Options of the HiveJsonSerDe."""

    timestamp_formats: tuple[JodaPattern | Literal["millis"], ...]
    """Tried in their order; without any, `java.sql.Timestamp.valueOf` reads."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """Options of the ParquetSerDe."""

    compression: str
    dictionary: bool
    page_size: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The Glue table as error lines name it (`dataCatalogTable`, §3.4)."""

    catalog_id: str
    database: str
    table: str
    region: str
    version: str
    role: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """Record format conversion, JSON to Parquet."""

    deserializer: OpenX | Hive
    parquet: Parquet
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Everything one stream does."""

    main: Destination
    partition_retry: timedelta | None
    """How long a partition that cannot be stored is retried; None without partitioning."""
    processing: Processing
    conversion: Conversion | None
    backup: Destination | None

    @property
    def partitioned(self) -> bool:
        """Whether dynamic partitioning is on."""
        return self.partition_retry is not None

    @property
    def function(self) -> LambdaStep | None:
        """The Lambda processor."""
        return self.processing.function
