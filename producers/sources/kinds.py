"""The kinds of export: how each is recognised by its columns, and which mapper reads it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from producers.sources import Mapper, cur, focus


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of export."""

    name: str
    version: str
    """Of its mapper; part of a delivery's identity."""
    mapper: Callable[[str, Sequence[str], Mapping[str, str]], Mapper]
    """Made from a file's name, its columns and what a person filled in."""
    recognises: Callable[[Sequence[str]], bool]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("focus", focus.MAPPER_VERSION, focus.FocusMapper, focus.looks_like_focus),
        Kind("cur", cur.MAPPER_VERSION, cur.CurMapper, cur.looks_like_cur),
    )
}


def kind_of(columns: Sequence[str]) -> Kind | None:
    """Return the kind that a file's columns show."""
    return next((kind for kind in KINDS.values() if kind.recognises(columns)), None)
