"""A rule asked once for each distinct input it reads, instead of once for each charge.

A rule is a pure function. Of a charge that has some fields and no others (`narrow_type`) it can
only read those, so what it answers holds for every charge that is equal in them, by the same
facts. A rule that reads another field has not answered: it is asked again, with more fields.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NoReturn

from rules.charge import Charge
from rules.engine import answer
from rules.model import Facts, Rule, Verdict
from rules.watching import (
    ANY_TAGS,
    HOLLOW,
    TAG_METHODS,
    WatchedTags,
    narrow_type,
    watched,
)

TAGS: Final = "tags"
"""The input that is all tags of a charge."""
HAS_TAGS: Final = "tags?"
"""The input that is None for a charge without tags, False for an empty map, or else True."""
TAG_KEY: Final = "tags:"
"""Before the key: the input that is one tag's value, None where the charge does not have it."""
ALL_INPUTS: Final = Charge._fields
MORE: Final = -1
"""In place of a verdict's number: the rule reads more than it was given."""
_WORTH_A_STAGE = 8
"""A stage is worth its look at every charge if it answers one in so many."""
_MOST_TAG_KEYS = 16
"""A rule that asks for more keys is given all tags."""
_REMEMBERED = 200_000
"""Answers kept by one rule; a bound on memory, about 100 MB with long findings."""

Reader = Callable[[Any], Any]


class _OutsideError(BaseException):
    """A rule read what it was not given. No `Exception`, which a rule may well catch."""


class DistinctRule:
    """One rule by one set of facts, and what it answered so far.

    It has stages, each of more inputs than the one before. Most charges are answered by the
    first, which reads little and therefore repeats much.
    """

    def __init__(self, rule: Rule, facts: Facts, readers: Mapping[str, Reader]) -> None:
        """Know a rule that was asked nothing yet.

        Args:
            rule: the rule.
            facts: what it is given besides a charge.
            readers: inputs that stand in the keys in another form, and what makes the charge's
                value of it, such as `Decimal` of an amount's text.
        """
        self._rule, self._facts, self._readers = rule, facts, readers
        self.stages: list[Stage] = []
        self.verdicts: list[Verdict] = []
        self._numbers: dict[Verdict, int] = {}

    def learn(self, charges: Iterable[Charge]) -> None:
        """Choose stages by a few charges. It decides the speed, and never an answer."""
        sets = sorted((self._reads(charge) for charge in charges), key=len)
        inputs: tuple[str, ...] = ()
        answered = 0
        for count, wanted in enumerate(sets, 1):
            inputs = _joined([*inputs, *wanted])
            more = count == len(sets) or not set(sets[count]) <= set(inputs)
            if more and (count - answered) * _WORTH_A_STAGE >= len(sets):
                self._extend(inputs)
                answered = count

    def deepen(self, charge: Charge) -> None:
        """Add a stage that answers a charge which no stage so far does."""
        before = len(self.stages)
        self._extend(self._reads(charge))
        if len(self.stages) == before:  # what it reads depends on more than what it is given
            self._extend(ALL_INPUTS)

    def numbers(self, stage: int, keys: Iterable[tuple[Any, ...]]) -> list[int]:
        """Answer distinct values of a stage's inputs by the numbers of their verdicts, or MORE."""
        known, found = self.stages[stage].known, []
        for key in keys:
            number = known.get(key)
            if number is None:
                number = known[key] = self._ask(self.stages[stage], key)
            found.append(number)
        return found

    def forget(self) -> None:
        """Forget the answers if they are many; numbers given before no longer hold."""
        if sum(len(stage.known) for stage in self.stages) > _REMEMBERED:
            for stage in self.stages:
                stage.known.clear()
            self.verdicts.clear()
            self._numbers.clear()

    def _ask(self, stage: "Stage", key: tuple[Any, ...]) -> int:
        verdict = stage.ask(self._rule, self._facts, key)
        if verdict is None:
            return MORE
        number = len(self.verdicts)
        if verdict.finding is None:  # a finding has its own amount, as a rule
            number = self._numbers.setdefault(verdict, number)
        if number == len(self.verdicts):
            self.verdicts.append(verdict)
        return number

    def _extend(self, wanted: Sequence[str]) -> None:
        had = self.stages[-1].inputs if self.stages else ()
        inputs = _joined([*had, *wanted])
        if not self.stages or set(inputs) != set(had):
            self.stages.append(Stage(inputs, self._readers))

    def _reads(self, charge: Charge) -> tuple[str, ...]:
        return reads(self._rule, charge, self._facts)


class Stage:
    """The inputs of a stage, and the numbers of the verdicts they were answered by."""

    def __init__(self, inputs: tuple[str, ...], readers: Mapping[str, Reader]) -> None:
        """Prepare to ask a rule with these inputs and no others."""
        self.inputs = inputs
        self.known: dict[tuple[Any, ...], int] = {}
        self._outside: list[str] = []
        self._read = [(at, readers[name]) for at, name in enumerate(inputs) if name in readers]
        fields = {name for name in inputs if name in ALL_INPUTS}
        self._tag_keys = [
            (name.removeprefix(TAG_KEY), at)
            for at, name in enumerate(inputs)
            if name.startswith(TAG_KEY)
        ]
        self._has_tags = inputs.index(HAS_TAGS) if HAS_TAGS in inputs else None
        places = {name: 1 + at for at, name in enumerate(inputs)}
        if self._has_tags is not None:
            places[TAGS] = 1 + len(inputs)
            fields.add(TAGS)
        # Position 0 is hollow, then come the inputs, then the narrow tags.
        self._arranged = itemgetter(*(places.get(name, 0) for name in Charge._fields))
        whole = fields == set(Charge._fields) and self._has_tags is None
        self._tags_type = _narrow_tags({name for name, _ in self._tag_keys}, self._refuse)
        self._type = Charge if whole else narrow_type(fields, self._refuse)

    def ask(self, rule: Rule, facts: Facts, key: tuple[Any, ...]) -> Verdict | None:
        """Ask the rule; None if it reads more than the stage's inputs."""
        values = [HOLLOW, *key, None]
        for at, read in self._read:
            if key[at] is not None:
                values[1 + at] = read(key[at])
        if self._has_tags is not None and key[self._has_tags] is not None:
            values[-1] = self._tags(key, key[self._has_tags])
        self._outside.clear()
        try:
            verdict = answer(rule, tuple.__new__(self._type, self._arranged(values)), facts)
        except _OutsideError:
            return None
        # A rule may have caught the error: what it said then does not count either.
        return None if self._outside else verdict

    def _tags(self, key: tuple[Any, ...], any_: bool) -> dict[str, str]:
        tags: _NarrowTags = self._tags_type()
        for name, at in self._tag_keys:
            if (value := key[at]) is not None:
                dict.__setitem__(tags, name, value)
        tags.any = any_
        return tags

    def _refuse(self, name: str) -> NoReturn:
        self._outside.append(name)
        raise _OutsideError


class _NarrowTags(dict[str, str]):
    """Some of a charge's tags, at nearly the usual speed, and no others."""

    any: bool
    """Whether the charge has any tag."""


def _narrow_tags(keys: set[str], refuse: Callable[[str], NoReturn]) -> type[_NarrowTags]:
    def asked(key: object) -> None:
        if key not in keys or type(key) is not str:
            refuse(TAG_KEY + key if type(key) is str else TAGS)

    def get(self: _NarrowTags, key: str, default: Any = None) -> Any:
        if key not in keys:
            asked(key)
        return dict_get(self, key, default)

    def getitem(self: _NarrowTags, key: str) -> str:
        asked(key)
        return dict.__getitem__(self, key)

    def contains(self: _NarrowTags, key: object) -> bool:
        asked(key)
        return dict.__contains__(self, key)

    dict_get = dict.get
    methods: dict[str, Any] = {name: lambda *_, **__: refuse(TAGS) for name in TAG_METHODS}
    methods |= {"get": get, "__getitem__": getitem, "__contains__": contains}
    methods["__bool__"] = lambda self: self.any
    return type("dict", (_NarrowTags,), methods)


def reads(rule: Rule, charge: Charge, facts: Facts) -> tuple[str, ...]:
    """Return the inputs that a rule reads of a charge, in order of first reading."""
    found: dict[str, None] = {}
    tags = None if charge.tags is None else dict(charge.tags)

    def key(name: str) -> None:
        found[TAG_KEY + name] = None

    def other(what: str) -> None:
        found[HAS_TAGS if what == ANY_TAGS else TAGS] = None

    def read(name: str) -> Any:
        if name != TAGS:
            found[name] = None
            return getattr(charge, name)
        found[HAS_TAGS] = None
        return None if tags is None else WatchedTags(tags, key, other)

    def whole(method: str, *args: Any, **named: Any) -> Any:
        found.update(dict.fromkeys(ALL_INPUTS))
        return getattr(charge, method)(*args, **named)

    answer(rule, watched(read, whole), facts)
    return _joined(found)


def _joined(inputs: Iterable[str]) -> tuple[str, ...]:
    """Return the inputs once each; all tags stand for any part of them."""
    once = dict.fromkeys(inputs)
    keys = [name for name in once if name.startswith(TAG_KEY)]
    if TAGS in once or len(keys) > _MOST_TAG_KEYS:
        for name in (HAS_TAGS, *keys):
            once.pop(name, None)
        once[TAGS] = None
    return tuple(once)
