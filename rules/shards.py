"""A large baseline in parts: a manifest that names shards, each the whole history of accounts.

A shard is a baseline document of its own. An account is never split, so what judges a charge is
the manifest and one shard.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self, TypeAlias

from rules.canonical import canonical_json, read_json
from rules.errors import BaselineError
from rules.series import SeriesKey, SeriesStats, day

SHARDED_ABOVE = 50_000
"""Series. A document has 335 bytes a series and takes 35 to 40 microseconds a series to read: at
50,000 that is 17 MB, 2 seconds of the first invocation and 105 MB of memory, for each date served.
"""
SHARD_SERIES = 10_000
"""Series that a shard is packed to: 3.3 MB, 0.4 seconds, 21 MB of memory. One account may have
more."""

Account: TypeAlias = tuple[str, str | None]
"""(payer account, account)."""
_FORMAT = 1
_KEYS = (
    "accounts", "effective_from", "history_days", "manifest", "series", "shards", "through",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a large baseline without its shards."""

    through: str
    effective_from: str
    history_days: int
    series: int
    """How many series all shards have."""
    shards: tuple[str, ...]
    """The fingerprints of the shards' bytes."""
    accounts: Mapping[Account, int] = field(repr=False)
    """Each account of the history, and the position of its shard."""

    @classmethod
    def over(
        cls,
        through: str,
        effective_from: str,
        history_days: int,
        parts: Iterable[tuple[str, Collection[SeriesKey]]],
    ) -> Self:
        """Return the manifest of shards, given by fingerprint and series."""
        found = sorted(parts, key=lambda part: part[0])
        accounts = {k[:2]: at for at, (_, keys) in enumerate(found) for k in keys}
        count = sum(len(keys) for _, keys in found)
        names = tuple(version for version, _ in found)
        return cls(through, effective_from, history_days, count, names, MappingProxyType(accounts))

    def to_bytes(self) -> bytes:
        """Return the canonical JSON document."""
        accounts = sorted(
            self.accounts.items(),
            key=lambda item: (item[0][0], item[0][1] or "", item[0][1] is not None),
        )
        return canonical_json(
            {
                "manifest": _FORMAT,
                "through": self.through,
                "effective_from": self.effective_from,
                "history_days": self.history_days,
                "series": self.series,
                "shards": list(self.shards),
                "accounts": [[*account, at] for account, at in accounts],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            BaselineError: the document is damaged.
        """
        try:
            document = read_json(data)
            if not isinstance(document, dict) or sorted(document) != sorted(_KEYS):
                raise ValueError(f"not an object with the keys {', '.join(_KEYS)}")
            if document["manifest"] != _FORMAT:
                raise ValueError(f"manifest {document['manifest']!r} is not {_FORMAT}")
            if day(document["effective_from"]) <= day(document["through"]):
                raise ValueError("it is effective before its last day")
            shards = tuple(_text(version) for version in document["shards"])
            accounts = dict(_account(entry, len(shards)) for entry in document["accounts"])
            return cls(
                document["through"],
                document["effective_from"],
                _whole(document["history_days"]),
                _whole(document["series"]),
                shards,
                MappingProxyType(accounts),
            )
        except (ValueError, TypeError) as error:
            raise BaselineError(f"a manifest is damaged: {error}") from error


def is_manifest(data: bytes) -> bool:
    """Tell whether a document is a manifest, from its first bytes: its keys are sorted."""
    return data.startswith(b'{"accounts":')


def split(entries: Mapping[SeriesKey, SeriesStats]) -> list[dict[SeriesKey, SeriesStats]]:
    """Pack a history into shards by a hash of the account, an account whole in one of them."""
    files = -(-len(entries) // SHARD_SERIES)
    places: dict[Account, int] = {}
    found: dict[int, dict[SeriesKey, SeriesStats]] = defaultdict(dict)
    for key, stats in entries.items():
        account = key[:2]
        place = places.get(account)
        if place is None:
            place = places[account] = _place(account, files)
        found[place][key] = stats
    return [found[place] for place in sorted(found)]


def _place(account: Account, files: int) -> int:
    digest = hashlib.sha256(json.dumps(account).encode()).digest()
    return int.from_bytes(digest[:8], "big") % files


def _account(entry: object, shards: int) -> tuple[Account, int]:
    if not isinstance(entry, list) or len(entry) != len(("payer", "account", "shard")):
        raise ValueError("an account is not a list of three values")
    payer, account, at = entry
    if _whole(at) >= shards:
        raise ValueError(f"shard {at} of {shards}")
    return (_text(payer), None if account is None else _text(account)), at


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a whole number")
    return value
