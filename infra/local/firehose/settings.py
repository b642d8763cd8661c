"""A delivery stream's configuration after parsing: frozen values with defaults filled in."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from infra.local.firehose.buffers import Hints
from infra.local.firehose.hive_type import HiveType
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
class OpenX:
    """Options of the OpenXJsonSerDe."""

    case_insensitive: bool
    dots_to_underscores: bool
    mappings: dict[str, str]
    """Column name to JSON key."""


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

    columns: tuple[tuple[str, HiveType], ...]
    openx: OpenX
    parquet: Parquet
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Everything one stream does."""

    main: Destination
    partitioned: bool
    processing: bool
    """`ProcessingConfiguration.Enabled`, with or without a Lambda in it."""
    function: LambdaStep | None
    conversion: Conversion | None
    backup: Destination | None
