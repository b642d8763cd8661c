"""Holds a request against the API's shapes, and says what is wrong as the service does.

The service checks a request before it looks at any stream, and lists all that is wrong with it. The
words are those of captured answers; the shapes are botocore's.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from botocore.model import Shape

# The service writes these in its own way, as captured; the others follow the model.
_LISTED = {
    "CompressionFormat": "ZIP, HADOOP_SNAPPY, Snappy, GZIP, UNCOMPRESSED",
    "ProcessorType": (
        "Decompression, Lambda, RecordDeAggregation, MetadataExtraction, AppendDelimiterToRecord, "
        "CloudWatchLogProcessing"
    ),
    "ProcessorParameterName": (
        "DataMessageExtraction, NumberOfRetries, Delimiter, RoleArn, JsonParsingEngine, "
        "SubRecordType, MetadataExtractionQuery, BufferIntervalInSeconds, LambdaArn, "
        "BufferSizeInMBs, CompressionFormat"
    ),
    "ParquetCompression": "SNAPPY, GZIP, UNCOMPRESSED",
    "ParquetWriterVersion": "V1, V2",
}
_PATTERNS = {"FileExtension": r"^(|\.[0-9a-z!\-_.*'()]+)$"}
_NUMBERS = {"integer", "long", "double", "float"}


def refusal(parameters: Mapping[str, Any], shape: Shape, body: bytes) -> dict[str, str] | None:
    """Return the service's answer to a request out of shape, None for one in shape.

    Args:
        parameters: the request as moto has parsed it.
        shape: the operation's input.
        body: the request as it came.
    """
    if not _is_readable(parameters, shape, body):
        return {"__type": "SerializationException"}
    found = list(_violations(parameters, shape, ""))
    if not found:
        return None
    errors = "error" if len(found) == 1 else "errors"
    message = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
    return {"__type": "ValidationException", "message": message}


def _violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        for name, member in shape.members.items():
            below = _below(path, name)
            if value.get(name) is not None:
                yield from _violations(value[name], member, below)
            elif name in shape.required_members:
                yield _broken(below, "Member must not be null")
        return
    metadata = shape.metadata
    if kind in {"string", "blob", "list"}:
        yield from _outside(len(value), metadata, path, "length")
    elif kind in _NUMBERS:
        yield from _outside(value, metadata, path, "value")
    if kind == "list" and not (shape.member.name == "Record" and _all_fit(value, shape.member)):
        for number, item in enumerate(value, 1):
            yield from _violations(item, shape.member, f"{path}.{number}.member")
    elif kind == "string":
        pattern = metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            shown = _PATTERNS.get(shape.name, pattern)
            yield _broken(path, f"Member must satisfy regular expression pattern: {shown}")
        if shape.enum and value not in shape.enum:
            listed = _LISTED.get(shape.name, ", ".join(shape.enum))
            yield _broken(path, f"Member must satisfy enum value set: [{listed}]")


def _all_fit(records: list[Mapping[str, Any]], shape: Shape) -> bool:
    """Tell at once that nothing is wrong with records, which are many and mostly right."""
    most: int = shape.members["Data"].metadata["max"]
    return all(r.get("Data") is not None and len(r["Data"]) <= most for r in records)


def _outside(size: float, metadata: Mapping[str, Any], path: str, what: str) -> Iterator[str]:
    low, high = metadata.get("min"), metadata.get("max")
    if low is not None and size < low:
        yield _broken(path, f"Member must have {what} greater than or equal to {low}")
    elif high is not None and size > high:
        yield _broken(path, f"Member must have {what} less than or equal to {high}")


def _broken(path: str, constraint: str) -> str:
    return f"Value at '{path}' failed to satisfy constraint: {constraint}"


def _below(path: str, name: str) -> str:
    lowered = name[0].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(r"\p{L}\p{Z}\p{N}", rf"\w{_SEPARATORS}"))


_SEPARATORS = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Unicode's category Z, which Python's expressions cannot name."""


def _is_readable(parameters: Mapping[str, Any], shape: Shape, body: bytes) -> bool:
    """Tell whether the body is JSON of the right types, and all data base64.

    Moto's parser skips what does not belong into base64, and takes any type for another.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    if not _has_types(request, shape):
        return False
    texts, parsed = _records(request), _records(parameters)
    return len(texts) == len(parsed) and all(
        _is_base64(text.get("Data"), record.get("Data"))
        for text, record in zip(texts, parsed, strict=True)
    )


def _has_types(value: Any, shape: Shape) -> bool:
    kind = shape.type_name
    if not _is_of(value, kind):
        return False
    if kind == "structure":
        members = shape.members
        return all(
            item is None or name not in members or _has_types(item, members[name])
            for name, item in value.items()
        )
    if kind == "list":
        return all(_has_types(item, shape.member) for item in value)
    return kind != "map" or all(_has_types(item, shape.value) for item in value.values())


def _is_of(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")


_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}


def _records(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [r or {} for r in request.get("Records") or [request.get("Record")]]


def _is_base64(text: object, data: bytes | None) -> bool:
    if not isinstance(text, str) or data is None:
        return text is None and data is None
    padding = text[-2:].count("=")
    return len(text) % 4 == 0 and len(data) == len(text) // 4 * 3 - padding
