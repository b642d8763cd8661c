"""What could not be confirmed about the service: the stricter reading, and how to choose another.

A run against the real service may overturn any of these; nothing else has to change then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from infra.local.firehose import limits


@dataclass(frozen=True, slots=True)
class Choices:
    """What nobody knows of the service, and quotas that AWS raises on request.

    Given to `LocalFirehose`, to `LocalAws` for all streams, or on the command line as
    `finops local up --firehose NAME=VALUE`. The defaults are the stricter reading, so that what
    works here works whatever the service turns out to do.
    """

    duplicate_id_scope: Literal["batch", "record"] = "batch"
    """What fails when a Lambda returns a record id twice: the `batch`, or that `record` only."""
    missing_records: Literal["record", "batch"] = "record"
    """An answer without `records` fails each `record` as missing, or the `batch` as an error."""
    null_data_code: str = "Lambda.InvalidReturnFormat"
    """The error code of `Ok` without data; only its message was captured."""
    timeout_code: Literal["Lambda.FunctionError", "Lambda.FunctionTimedOut"] = (
        "Lambda.FunctionError"
    )
    """The error code of a function's own timeout; both were seen, the default more lately."""
    long_invocation_code: str = "Lambda.FunctionTimedOut"
    """The error code of an invocation of more than five minutes, which was never captured."""
    raw_data: Literal["output", "source"] = "output"
    """What `rawData` has when a record does not convert or has no partition: what the Lambda made
    of it (`output`), or the record as put (`source`)."""
    partition_key_code: str = "DynamicPartitioning.MetadataExtractionFailed"
    """The error code of a record whose Lambda left a partition key out; seen with jq."""
    partition_key_type: str = "metadata-extraction-failed"
    """The error output type of such a record; seen with jq."""
    partition_limit_code: str = "DynamicPartitioning.ActivePartitionsLimitExceeded"
    """The error code of a record above the limit of active partitions; assumed."""
    after_partition_retry: Literal["keep", "discard"] = "keep"
    """What becomes of a partition that could not be stored for the `RetryOptions` duration: it
    waits on (`keep`) until the 24 hours of retention are over, or it is lost (`discard`)."""
    max_active_partitions: int = limits.MAX_ACTIVE_PARTITIONS
    """The quota of active partitions; AWS raises it on request."""
    retention_hours: int = limits.RETENTION_HOURS
    """How long a record waits for a destination that cannot be written, from its arrival."""


DEFAULT_CHOICES = Choices()


def parse_choices(texts: Iterable[str]) -> Choices:
    """Return the choices that texts of the form `NAME=VALUE` make; the rest are the defaults.

    Raises:
        ValueError: an unknown name, or a value that it does not take.
    """
    types = get_type_hints(Choices)
    chosen: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in types:
            known = ", ".join(field.name for field in fields(Choices))
            raise ValueError(f"{text!r} is not NAME=VALUE with one of the names {known}")
        chosen[name] = _parsed(name, value, types[name])
    return Choices(**chosen)


def _parsed(name: str, value: str, type_: Any) -> str | int:
    allowed = get_args(type_)
    if allowed and value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(allowed)}, not {value!r}")
    if type_ is not int:
        return value
    if not value.isdecimal() or int(value) == 0:
        raise ValueError(f"{name} is a whole number from 1 on, not {value!r}")
    return int(value)


# §2.6: of several documents in one record, one that does not fit fails the whole record, so that a
# record is in the main output or in the error output, never half in each.

# §13.9: the Lambda buffer counts the records' own bytes, not base64: the larger requests.

# §3.3: a fraction or a number out of range for an integer column, text other than true and false
# for a boolean, and a timestamp outside the years 1 to 9999 fail the record, where the real service
# may truncate, read false, or wrap around in silence.
