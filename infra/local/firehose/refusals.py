"""The combinations that `CreateDeliveryStream` refuses, as a table of rules and messages."""

import re
from collections.abc import Callable
from datetime import timedelta

from infra.local.firehose import limits
from infra.local.firehose.errors import InvalidArgumentError
from infra.local.firehose.settings import Destination, StreamSettings

_EXTENSION = re.compile(r"\.[0-9a-z!\-_.*'()]{1,127}\Z")


def refuse(settings: StreamSettings) -> None:
    """Check every rule in order.

    Raises:
        InvalidArgumentError: with the message of the first rule that is broken.
    """
    for broken, message in RULES:
        if broken(settings):
            raise InvalidArgumentError(message)


def _small(destination: Destination) -> bool:
    return destination.hints.size < limits.MIN_LARGE_BUFFER_MB * limits.MIB


def _quick(destination: Destination, seconds: int) -> bool:
    return destination.hints.interval < timedelta(seconds=seconds)


def _error_prefix_without_type(destination: Destination) -> bool:
    prefix = destination.error_prefix
    return prefix is not None and prefix.has_expressions and not prefix.has_error_type


def _any_destination(rule: Callable[[Destination], bool]) -> Callable[[StreamSettings], bool]:
    return lambda s: rule(s.main) or (s.backup is not None and rule(s.backup))


RULES: tuple[tuple[Callable[[StreamSettings], bool], str], ...] = (
    # §3.1, captured
    (
        lambda s: s.conversion is not None and s.main.compression != "UNCOMPRESSED",
        "The S3 destination's compression format must be set to UNCOMPRESSED when data format "
        "conversion is enabled",
    ),
    (
        lambda s: s.conversion is not None and _small(s.main),
        "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
    ),
    # §4.1, captured or from the CDK
    (
        lambda s: s.partitioned and _small(s.main),
        "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    ),
    (
        lambda s: s.partitioned and _quick(s.main, limits.MIN_PARTITIONED_BUFFER_SECONDS),
        "BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning "
        "is enabled.",
    ),
    (
        lambda s: s.partitioned and not s.processing.enabled,
        "Processing Configuration is not enabled when DataPartitioning is enabled",
    ),
    (
        lambda s: s.partitioned and not s.main.prefix.partition_keys,
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is "
        "enabled",
    ),
    (
        lambda s: not s.partitioned and bool(s.main.prefix.partition_keys),
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic "
        "Partitioning is enabled.",
    ),
    (
        lambda s: bool(s.main.prefix.partition_keys) and s.function is None,
        "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda "
        "namespace",
    ),
    (
        lambda s: s.main.prefix.has_expressions and s.main.error_prefix is None,
        "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    ),
    # §4.1, documented rules; our words
    (
        _any_destination(_error_prefix_without_type),
        "ErrorOutputPrefix must contain !{firehose:error-output-type} when it has expressions",
    ),
    (
        _any_destination(
            lambda d: d.error_prefix is not None and bool(d.error_prefix.partition_keys)
        ),
        "ErrorOutputPrefix must not contain Dynamic Partitioning namespaces",
    ),
    (
        _any_destination(lambda d: d.prefix.has_error_type),
        "Prefix must not contain !{firehose:error-output-type}",
    ),
    (
        lambda s: s.main.extension is not None and not _EXTENSION.match(s.main.extension),
        "FileExtension must begin with a dot and have only the characters 0-9a-z!-_.*'()",
    ),
    # §5
    (
        lambda s: s.backup is not None and s.function is None and s.conversion is None,
        "S3 backup is available only with data transformation or data format conversion",
    ),
    (
        lambda s: s.backup is not None and bool(s.backup.prefix.partition_keys),
        "Dynamic Partitioning Namespaces are not available in the prefix of the S3 backup",
    ),
    (
        lambda s: s.backup is not None and _quick(s.backup, limits.MIN_BACKUP_BUFFER_SECONDS),
        "BufferingHints.IntervalInSeconds must be at least 60 seconds for the S3 backup",
    ),
)
