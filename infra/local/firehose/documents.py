"""One record's data as JSON objects, line by line or one after the other (§2.6)."""

import json
from collections.abc import Callable
from typing import Any

import orjson

# Finds where a document ends; what it holds is then read as strictly as a line is.
_SCANNER = json.JSONDecoder(parse_int=float)


class MalformedRecordError(Exception):
    """The record does not convert; `code` and `message` go into its error line."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_documents(
    data: bytes, read: Callable[[bytes | str], Any] = orjson.loads
) -> list[dict[str, Any]]:
    """Return the JSON objects in `data`, at least one.

    Args:
        data: a record's data.
        read: parses one document; raises `ValueError`.

    Raises:
        MalformedRecordError: it is empty, not JSON, or a document is not an object.
    """
    try:
        documents = [read(line) for line in data.split(b"\n") if line.strip()]
    except (ValueError, RecursionError):
        documents = _scan(data, read)
    if not documents:
        raise MalformedRecordError(
            "DataFormatConversion.MalformedData",
            "The record was empty or contained only whitespace.",
        )
    if not all(isinstance(document, dict) for document in documents):
        raise MalformedRecordError(
            "DataFormatConversion.MalformedData",
            "One or more fields have incorrect format. Exception when validating field (root)",
        )
    return documents


def _scan(data: bytes, read: Callable[[bytes | str], Any]) -> list[Any]:
    documents: list[Any] = []
    try:
        text = data.decode().strip(" \t\r\n")
        start = 0
        while start < len(text):
            _, end = _SCANNER.raw_decode(text, start)
            documents.append(read(text[start:end]))
            rest = text[end:].lstrip(" \t\r\n")
            start = len(text) - len(rest)
    except (ValueError, RecursionError) as error:
        raise MalformedRecordError(
            "DataFormatConversion.ParseError", f"Encountered malformed JSON. {error}"
        ) from None
    return documents
