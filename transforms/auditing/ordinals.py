"""A set of ordinals as a short text: the gaps between them, deflated.

A day of a delivery that was sorted otherwise has every thirtieth ordinal or so: its gaps are small
numbers, two bytes an event. Of what was sent in order all gaps are one: a twentieth of a byte.
"""

import sys
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable
from itertools import accumulate
from operator import sub

import orjson

_LEVEL = 1


def pack(ordinals: Iterable[int]) -> str:
    """Return a set of ordinals as text; equal sets give equal texts."""
    found = sorted(set(ordinals))
    try:
        gaps = array("q", map(sub, found, [0, *found]))
    except OverflowError:
        # No producer of ours counts so far; bytes from elsewhere may say anything.
        return orjson.dumps(found).decode()
    return b64encode(zlib.compress(_little(gaps).tobytes(), _LEVEL)).decode()


def unpack(text: str) -> set[int]:
    """Return the ordinals that `pack` was given.

    Raises:
        ValueError: the text is damaged.
    """
    if text.startswith("["):
        return set(orjson.loads(text))
    gaps = array("q")
    try:
        gaps.frombytes(zlib.decompress(b64decode(text, validate=True)))
    except zlib.error as error:
        raise ValueError(f"ordinals are damaged: {error}") from error
    return set(accumulate(_little(gaps)))


def _little(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
