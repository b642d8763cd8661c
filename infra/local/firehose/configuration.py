"""From the API's `ExtendedS3DestinationConfiguration` to settings, refusing what AWS refuses."""

from collections.abc import Mapping
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

from infra.local.firehose import limits
from infra.local.firehose.buffers import Hints
from infra.local.firehose.conversion_configuration import parse_conversion
from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.processing_configuration import parse_processing
from infra.local.firehose.refusals import refuse
from infra.local.firehose.settings import Compression, Destination, StreamSettings
from infra.local.firehose.shapes import Shape
from schemas.tables import Table

_S3 = (
    "RoleARN BucketARN Prefix ErrorOutputPrefix BufferingHints CompressionFormat "
    "CloudWatchLoggingOptions"
)
# Encryption of objects changes nothing that a laptop could show.
_S3_IGNORED = "EncryptionConfiguration"
_EXTENDED = (
    f"{_S3} FileExtension CustomTimeZone DynamicPartitioningConfiguration ProcessingConfiguration "
    "DataFormatConversionConfiguration S3BackupMode S3BackupConfiguration"
)
_COMPRESSIONS: dict[str, Compression] = {"UNCOMPRESSED": "UNCOMPRESSED", "GZIP": "GZIP"}


def parse_configuration(
    configuration: object, *, tables: Mapping[tuple[str, str], Table], region: str, account: str
) -> StreamSettings:
    """Return the settings of a stream as `CreateDeliveryStream` would make them.

    Args:
        configuration: The `ExtendedS3DestinationConfiguration` structure.
        tables: Glue tables by (database, table).
        region: Where the stream is; the default of the Glue region.
        account: Whose it is; the default catalogue.

    Raises:
        FirehoseError: with the service's code and message.
    """
    shape = Shape(configuration, "ExtendedS3DestinationConfiguration", _EXTENDED, _S3_IGNORED)
    shape.text("RoleARN")
    partition_retry = _partition_retry(shape)
    conversion = parse_conversion(
        shape.raw("DataFormatConversionConfiguration"),
        tables=tables,
        region=region,
        account=account,
    )
    large = partition_retry is not None or conversion is not None
    default_mb = limits.DEFAULT_LARGE_BUFFER_MB if large else limits.DEFAULT_BUFFER_MB
    settings = StreamSettings(
        main=_destination(shape, default_mb),
        partition_retry=partition_retry,
        processing=parse_processing(shape.raw("ProcessingConfiguration")),
        conversion=conversion,
        backup=_backup(shape),
    )
    refuse(settings)
    return settings


def _partition_retry(shape: Shape) -> timedelta | None:
    raw = shape.raw("DynamicPartitioningConfiguration")
    if raw is None:
        return None
    partitioning = Shape(raw, "DynamicPartitioningConfiguration", "Enabled RetryOptions")
    retry = Shape(partitioning.raw("RetryOptions") or {}, "RetryOptions", "DurationInSeconds")
    seconds = retry.number("DurationInSeconds", limits.DEFAULT_RETRY_DURATION_SECONDS)
    _within(seconds, (0, limits.MAX_RETRY_DURATION_SECONDS), "RetryOptions.DurationInSeconds")
    return timedelta(seconds=seconds) if partitioning.flag("Enabled", False) else None


def _backup(shape: Shape) -> Destination | None:
    mode = shape.text("S3BackupMode", "Disabled")
    if mode not in {"Disabled", "Enabled"}:
        raise InvalidArgumentError("S3BackupMode must be Disabled or Enabled")
    if mode == "Disabled":
        return None
    backup = Shape(
        shape.raw("S3BackupConfiguration") or {}, "S3BackupConfiguration", _S3, _S3_IGNORED
    )
    backup.text("RoleARN")
    return _destination(backup, limits.DEFAULT_BUFFER_MB)


def _destination(shape: Shape, default_mb: int) -> Destination:
    _check_logging(shape.raw("CloudWatchLoggingOptions"))
    return Destination(
        bucket=shape.bucket(),
        prefix=Prefix.parse(_prefix_text(shape, "Prefix"), "Prefix"),
        error_prefix=(
            Prefix.parse(_prefix_text(shape, "ErrorOutputPrefix"), "ErrorOutputPrefix")
            if shape.raw("ErrorOutputPrefix")
            else None
        ),
        hints=_hints(shape, default_mb),
        compression=_compression(shape),
        extension=shape.text("FileExtension", "") or None,
        zone=_zone(shape.text("CustomTimeZone", "UTC")),
        role=shape.text("RoleARN"),
    )


def _check_logging(raw: object) -> None:
    """Refuse what AWS refuses of the error log, which is not written here."""
    logging = Shape(raw or {}, "CloudWatchLoggingOptions", "Enabled LogGroupName LogStreamName")
    if logging.flag("Enabled", False):
        logging.text("LogGroupName")
        logging.text("LogStreamName")


def _prefix_text(shape: Shape, name: str) -> str:
    text = shape.text(name, "")
    if len(text) > limits.MAX_PREFIX_SETTING:
        raise InvalidArgumentError(f"{name} must not be longer than 1024 characters")
    return text


def _hints(shape: Shape, default_mb: int) -> Hints:
    hints = Shape(
        shape.raw("BufferingHints") or {}, "BufferingHints", "SizeInMBs IntervalInSeconds"
    )
    if (hints.raw("SizeInMBs") is None) != (hints.raw("IntervalInSeconds") is None):
        raise InvalidArgumentError(
            "If you specify a value for SizeInMBs, you must also specify a value for "
            "IntervalInSeconds, and vice versa."
        )
    megabytes = hints.number("SizeInMBs", default_mb)
    seconds = hints.number("IntervalInSeconds", limits.DEFAULT_BUFFER_SECONDS)
    _within(megabytes, limits.BUFFER_MB, "BufferingHints.SizeInMBs")
    _within(seconds, limits.BUFFER_SECONDS, "BufferingHints.IntervalInSeconds")
    return Hints(megabytes * limits.MIB, timedelta(seconds=seconds))


def _compression(shape: Shape) -> Compression:
    compression = shape.text("CompressionFormat", "UNCOMPRESSED")
    if compression in _COMPRESSIONS:
        return _COMPRESSIONS[compression]
    if compression in {"ZIP", "Snappy", "HADOOP_SNAPPY"}:
        raise UnsupportedLocallyError(f"CompressionFormat {compression}")
    raise InvalidArgumentError(f"CompressionFormat {compression} is not a known format")


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise InvalidArgumentError(f"CustomTimeZone {name} is not a known time zone") from None


def _within(value: int, bounds: tuple[int, int], name: str) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise InvalidArgumentError(f"{name} must be between {low} and {high}")
