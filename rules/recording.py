"""What one verdict rested on: the inputs a rule read of a charge, its policy and its baseline.

A rule is a pure function, so what it read explains what it said: any charge that is equal in
`charge_fields` (and `tag_keys`) gets the same verdict from it by the same facts.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

from rules.baselines import Baseline, SeriesKey
from rules.charge import Charge
from rules.engine import answer
from rules.model import Facts, Rule, Verdict
from rules.series import series_key
from rules.watching import ANY_TAGS, EVERYTHING, WatchedTags, watched


class Looked(NamedTuple):
    """One thing a rule learnt from the baseline."""

    name: str
    """The attribute or method: `stats`, `history_days`, `through`, `saw_region`, …"""
    key: SeriesKey | None
    """For a method, the series of the charge it was asked about."""
    value: Any
    """What it answered: for `stats`, the `SeriesStats` of the series, or None without any."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A rule's verdict on a charge and what it read to reach it, each in order of first reading."""

    verdict: Verdict
    charge_fields: tuple[str, ...]
    """Names of the charge's fields; `tags` where the rule looked at the tags in any way."""
    tag_keys: tuple[str, ...]
    """Keys of tags it asked for, present or not."""
    all_tags: bool
    """Whether it read the tags as a whole: no list of keys says what it rested on."""
    policy_paths: tuple[str, ...]
    """Paths in the policy document, such as `cost.min_days`."""
    baseline: tuple[Looked, ...]


def recorded(rule: Rule, charge: Charge, facts: Facts) -> Recorded:
    """Judge one charge by one rule and tell what the verdict rested on.

    The verdict is the rule's own, on the charge itself. A rule that raises has the finding
    `rule-error`, as in `evaluate`.
    """
    log = _Log()
    baseline = None if facts.baseline is None else _baseline(facts.baseline, charge, log)
    watched_facts = Facts(_values(facts.policy, "", log.policy), baseline)
    answer(rule, _charge(charge, log), watched_facts)
    return Recorded(
        verdict=answer(rule, charge, facts),
        charge_fields=tuple(log.fields),
        tag_keys=tuple(log.tag_keys),
        all_tags=log.all_tags,
        policy_paths=tuple(log.policy),
        baseline=tuple(log.baseline.values()),
    )


class _Log:
    """What was read; dicts, because they keep the order of the first time."""

    def __init__(self) -> None:
        self.fields: dict[str, None] = {}
        self.tag_keys: dict[str, None] = {}
        self.all_tags = False
        self.policy: dict[str, None] = {}
        self.baseline: dict[str, Looked] = {}

    def tag_key(self, key: str) -> None:
        self.tag_keys[key] = None

    def other_tags(self, what: str) -> None:
        if what == EVERYTHING:
            self.all_tags = True
        else:
            assert what == ANY_TAGS


def _charge(charge: Charge, log: _Log) -> Charge:
    tags = charge.tags
    watched_tags = tags if tags is None else WatchedTags(dict(tags), log.tag_key, log.other_tags)

    def read(name: str) -> Any:
        log.fields[name] = None
        return watched_tags if name == "tags" else getattr(charge, name)

    def whole(method: str, *args: Any, **named: Any) -> Any:
        log.fields |= dict.fromkeys(Charge._fields)
        log.all_tags = True
        return getattr(charge, method)(*args, **named)

    return watched(read, whole)


def _values(value: Any, path: str, seen: dict[str, None]) -> Any:
    """Stand for a frozen dataclass: each of its values, at any depth, is noted when it is read."""
    kind = type(value)
    names = {f.name for f in dataclasses.fields(kind)}

    def read(self: Any, name: str) -> Any:
        if name not in names:
            return object.__getattribute__(self, name)
        found, at = getattr(value, name), f"{path}{name}"
        if dataclasses.is_dataclass(found):
            return _values(found, f"{at}.", seen)
        seen[at] = None
        return found

    watched = type(
        kind.__name__, (kind,), {"__getattribute__": read, "__module__": kind.__module__}
    )
    return object.__new__(watched)


def _baseline(baseline: Baseline, about: Charge, log: _Log) -> Baseline:
    """Stand for a baseline: what it is asked is answered by the real one, and noted."""

    def note(name: str, key: SeriesKey | None, value: Any) -> Any:
        log.baseline.setdefault(f"{name} {key}", Looked(name, key, value))
        return value

    def read(self: Any, name: str) -> Any:
        found = getattr(baseline, name)
        if not callable(found):
            return found if name.startswith("__") else note(name, None, found)

        def method(*args: Any, **named: Any) -> Any:
            value = found(*args, **named)
            asks = any(isinstance(a, Charge) for a in (*args, *named.values()))
            return note(name, series_key(about) if asks else None, value)

        return method

    return object.__new__(type("Baseline", (Baseline,), {"__getattribute__": read}))
