"""Two policies path by path: where they differ, and one with some values of the other."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from rules import Policy, PolicyError, parse_policy
from rules.canonical import canonical_json
from transforms.differences.model import PolicyDifference

Path = tuple[str, ...]
_ABSENT = object()
FORMAT = "format"


class Policies:
    """Side A's policy and side B's, and every mixture of the two.

    Lists are values, not branches: which tags are required is one decision. Where the documents
    are of different formats only the paths of both can be exchanged; the rest belongs to the
    format, and so to the rule set that reads it.
    """

    def __init__(self, a: Policy, b: Policy) -> None:
        self._given = a, b
        self._documents = tuple(json.loads(p.to_bytes()) for p in (a, b))
        self._leaves = tuple(dict(_leaves(document)) for document in self._documents)
        self.formats: tuple[int, int] = a.format, b.format
        self.same_format = self.formats[0] == self.formats[1]
        self._made: dict[tuple[int, frozenset[Path]], Policy | None] = {}
        left, right = self._leaves
        self.differing: tuple[Path, ...] = tuple(
            path
            for path in dict.fromkeys((*left, *right))
            if left.get(path, _ABSENT) != right.get(path, _ABSENT)
        )

    @property
    def exchangeable(self) -> tuple[Path, ...]:
        """The differing paths that can be taken from either side."""
        if self.same_format:
            return self.differing
        left, right = self._leaves
        return tuple(p for p in self.differing if p in left and p in right and p != (FORMAT,))

    def mixed(self, format_of: int, of_b: Collection[Path]) -> Policy | None:
        """Return a policy with B's values at `of_b` and A's at the other exchangeable paths.

        Args:
            format_of: the side (0 or 1) whose format it is of, where the two differ in that.
            of_b: paths, all exchangeable.

        Returns:
            None where the mixture is no policy, such as a lower limit above its upper one.
        """
        key = format_of, frozenset(of_b)
        if key not in self._made:
            self._made[key] = self._mix(*key)
        return self._made[key]

    def _mix(self, format_of: int, of_b: frozenset[Path]) -> Policy | None:
        document = json.loads(json.dumps(self._documents[0 if self.same_format else format_of]))
        for path in self.exchangeable:
            _put(document, path, self._leaves[path in of_b].get(path, _ABSENT))
        for policy, own in zip(self._given, self._documents, strict=True):
            if own == document:
                return policy
        try:
            return parse_policy(canonical_json(document))
        except PolicyError:
            return None

    def values(self, path: Path) -> tuple[str | None, str | None]:
        """Return what both sides say at a path, as JSON; None where it is absent."""
        before, after = (_shown(leaves.get(path, _ABSENT)) for leaves in self._leaves)
        return before, after

    def differences(self) -> tuple[PolicyDifference, ...]:
        """Return every path at which the two differ."""
        return tuple(PolicyDifference(spelled(p), *self.values(p)) for p in self.differing)


def spelled(path: Path) -> str:
    """Return a path as policy errors spell it: `$.cost.min_days`."""
    return ".".join(("$", *path))


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and (value or not path):
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    else:
        yield path, value


def _put(document: dict[str, Any], path: Path, value: object) -> None:
    *parents, last = path
    for parent in parents:
        child = document.get(parent)
        if not isinstance(child, dict):
            child = document[parent] = {}
        document = child
    if value is _ABSENT:
        document.pop(last, None)
    else:
        document[last] = value


def _shown(value: object) -> str | None:
    return None if value is _ABSENT else json.dumps(value, ensure_ascii=False)
