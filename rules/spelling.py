"""Tag keys and values compared as people mean them: case, blanks and separators do not count."""

from collections.abc import Mapping
from functools import lru_cache

_SEPARATORS = str.maketrans("", "", " \t-_./:")
Table = Mapping[str, str]
"""From a plain spelling to the name the policy uses."""


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return a text without what does not count: `Business-Unit ` is `businessunit`."""
    return text.casefold().translate(_SEPARATORS)


def key_table(required: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]) -> Table:
    """Return every plain spelling of the required keys; their own names win over other ones."""
    table: dict[str, str] = {}
    for key in required:
        for other in keys.get(key, ()):
            table.setdefault(plain(other), key)
    return table | {plain(key): key for key in required}


def clash(names: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """Return a text that is a spelling of two names, and the two; None where all is clear."""
    owner: dict[str, str] = {}
    for name, others in names.items():
        for text in (name, *others):
            if owner.setdefault(plain(text), name) != name:
                return text, owner[plain(text)], name
    return None


def value_tables(values: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Mapping[str, Table]:
    """Return every plain spelling of the allowed values, by key."""
    tables = {}
    for key, allowed in values.items():
        table: dict[str, str] = {}
        for value, others in allowed.items():
            for other in others:
                table.setdefault(plain(other), value)
        tables[key] = table | {plain(value): value for value in allowed}
    return tables
