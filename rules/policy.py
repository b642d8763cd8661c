"""The policy: thresholds and lists that a company changes more often than code.

The dataclasses below are the closed schema of the document: every field is required, no other key
is allowed, amounts are texts. A document says its format; without one it is of format 1, which ends
before `spelling`. A change of a default is a new file in `rules/policies/`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from rules.canonical import (
    AMOUNT_ALLOWED,
    amount_text,
    canonical_json,
    fingerprint,
    read_amount,
    read_json,
)
from rules.charge import Charge
from rules.errors import PolicyError
from rules.spelling import clash, key_table, value_tables

CORRECTION = "Correction"
DEFAULT = "1.json"
DEFAULTS: Mapping[int, str] = {1: DEFAULT, 2: "2.json"}
"""The policy we ship, by the format a rule set asks for."""
_SECTIONS_OF_FORMAT_2 = ("spelling", "first_seen", "consistency")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CostLimits:
    """When a charge is a spike or new. Amounts are per month, in the charge's own currency."""

    min_days: int
    """Days of history below which a series, or a whole baseline, is not judged."""
    new_series_days: int
    """A series stays new for this many days after it was first seen."""
    spike_min_percent: int
    """Percent above the expected level; both this and the amount must be reached."""
    spike_min_monthly_amount: Decimal
    """What a rise has to be worth in a month to be a spike."""
    new_min_monthly_amount: Decimal
    """What a new series has to cost in a month to be a finding."""


@dataclass(frozen=True, slots=True)
class TagLimits:
    """Which tags a charge must carry, and from which monthly worth on a gap is a finding."""

    required: tuple[str, ...]
    """The keys every charge should have."""
    exempt_services: frozenset[str]
    """Services that cannot be tagged, by their FOCUS ServiceName."""
    min_monthly_amount: Decimal
    """What the charge has to be worth in a month for a gap to be a finding."""


@dataclass(frozen=True, slots=True)
class LowValueLimits:
    """Which recurring costs are small enough to be overlooked and large enough to be named."""

    min_days: int
    """Days on which a series has to be seen, to count as recurring."""
    min_monthly_amount: Decimal
    """The least its last 30 days may have cost."""
    max_monthly_amount: Decimal
    """The most they may have cost."""


@dataclass(frozen=True, slots=True)
class SeverityLimits:
    """From which monthly worth on a finding is graded medium, and high."""

    medium_monthly_amount: Decimal
    """From here on a finding is medium."""
    high_monthly_amount: Decimal
    """From here on it is high."""


@dataclass(frozen=True, slots=True)
class SpellingLimits:
    """How tags may be spelled. Case, blanks and the separators `- _ . / :` never count."""

    keys: Mapping[str, tuple[str, ...]]
    """A required key to other names of it, such as `environment` to `env`."""
    values: Mapping[str, Mapping[str, tuple[str, ...]]]
    """A required key to its allowed values, each with other spellings; a key that is not here may
    have any value."""
    exempt_accounts: frozenset[str]
    """Sub accounts whose charges need no tags."""


@dataclass(frozen=True, slots=True)
class FirstSeenLimits:
    """When an account, service or region that was never seen is worth a finding."""

    min_days: int
    """Days of history below which nothing is called new."""
    min_monthly_amount: Decimal
    """What the charge has to be worth in a month to be a finding."""


@dataclass(frozen=True, slots=True)
class ConsistencyLimits:
    """How far billed and effective cost of a charge without a commitment may be apart."""

    tolerance_percent: int
    """Percent of the larger one; both this and the amount must be exceeded."""
    min_monthly_amount: Decimal
    """What the difference has to be worth in a month to be a finding."""


@dataclass(frozen=True)
class Policy:
    """What the rules are told to look for; equal policies have equal versions."""

    exempt_charge_categories: frozenset[str]
    """Charges that are not the use of anything: no rule judges them."""
    cost: CostLimits
    tags: TagLimits
    low_value: LowValueLimits
    severity: SeverityLimits
    spelling: SpellingLimits | None = None
    first_seen: FirstSeenLimits | None = None
    consistency: ConsistencyLimits | None = None

    def __hash__(self) -> int:
        """Hash the version: some sections hold mappings, which have no hash of their own."""
        return hash(self.version)

    @property
    def format(self) -> int:
        """The format of the document: 2 has the last three sections, 1 has none of them."""
        return 1 if self.spelling is None else 2

    @cached_property
    def version(self) -> str:
        """The fingerprint of the policy's values; layout and key order do not count."""
        return fingerprint(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the canonical document, which `parse_policy` reads back."""
        return canonical_json(_document(self))

    @cached_property
    def key_table(self) -> Mapping[str, str]:
        """Every plain spelling of a required tag key (`rules.spelling`), to the key."""
        return key_table(self.tags.required, self.spelling.keys if self.spelling else {})

    @cached_property
    def value_tables(self) -> Mapping[str, Mapping[str, str]]:
        """By required key with allowed values: every plain spelling of them, to the value."""
        return value_tables(self.spelling.values if self.spelling else {})

    def exempts(self, charge: Charge) -> bool:
        """Tell whether a charge is outside the rules: not usage, or a correction of closed books.

        A correction repeats or reverses money that was judged when it first arrived, and may
        come without resource, quantity or tags (FOCUS, Correction Handling).
        """
        return (
            charge.charge_category in self.exempt_charge_categories
            or charge.charge_class == CORRECTION
        )


def parse_policy(data: bytes) -> Policy:
    """Read a policy document.

    Raises:
        PolicyError: it is not JSON, or breaks the schema; names the path and what is allowed.
    """
    try:
        document = read_json(data)
    except ValueError as error:
        raise PolicyError("$", str(error), "one JSON object") from error
    policy = _section(Policy, *_of_format(document))
    if policy.spelling is not None:
        _known_keys(policy.spelling, policy.tags.required)
    _in_order("$.low_value", policy.low_value, "min_monthly_amount", "max_monthly_amount")
    _in_order("$.severity", policy.severity, "medium_monthly_amount", "high_monthly_amount")
    return policy


@cache
def default_policy(form: int = 1) -> Policy:
    """Return the policy of a format that comes with this version of the project."""
    file = resources.files("rules").joinpath("policies", DEFAULTS[form])
    return parse_policy(file.read_bytes())


def _of_format(document: Any) -> tuple[Any, str, frozenset[str]]:
    """Return the document without its format, its path, and the sections it does not have."""
    if not isinstance(document, Mapping) or "format" not in document:
        return document, "$", frozenset(_SECTIONS_OF_FORMAT_2)
    form = document["format"]
    if type(form) is not int or form not in DEFAULTS:
        raise PolicyError("$.format", f"{form!r} is not known", "1 or 2")
    rest = {key: value for key, value in document.items() if key != "format"}
    return rest, "$", frozenset(() if form == 2 else _SECTIONS_OF_FORMAT_2)


def _known_keys(spelling: SpellingLimits, required: tuple[str, ...]) -> None:
    for name in ("keys", "values"):
        for key in getattr(spelling, name):
            if key not in required:
                path, allowed = f"$.spelling.{name}.{key}", f"one of {', '.join(required)}"
                raise PolicyError(path, "it is not among $.tags.required", allowed)
    for key, values in spelling.values.items():
        if not values:
            path = f"$.spelling.values.{key}"
            raise PolicyError(path, "it allows no value", "at least one value, or leave it out")
    names: dict[str, Mapping[str, tuple[str, ...]]]
    names = {"keys": {key: spelling.keys.get(key, ()) for key in required}}
    names |= {f"values.{key}": values for key, values in spelling.values.items()}
    for name, spelled in names.items():
        if found := clash(spelled):
            text, first, second = found
            problem = f"{text!r} would mean both {first!r} and {second!r}"
            raise PolicyError(f"$.spelling.{name}", problem, "each spelling under one name")


def _in_order(path: str, limits: object, lower: str, upper: str) -> None:
    if getattr(limits, lower) > getattr(limits, upper):
        raise PolicyError(f"{path}.{lower}", f"it is above {upper}", f"at most {upper}")


def _section(kind: type[_T], value: object, path: str, absent: frozenset[str] = frozenset()) -> _T:
    fields = {name: t for name, t in get_type_hints(kind).items() if name not in absent}
    allowed = f"an object with the keys {', '.join(fields)}"
    if not isinstance(value, Mapping):
        raise PolicyError(path, f"{value!r} is not an object", allowed)
    for key in value:
        if key not in fields:
            raise PolicyError(path, f"unknown key {key!r}", allowed)
    for name in fields:
        if name not in value:
            raise PolicyError(path, f"missing key {name!r}", allowed)
    return kind(**{n: _read(t, value[n], f"{path}.{n}") for n, t in fields.items()})


def _read(kind: Any, value: object, path: str) -> Any:
    if get_origin(kind) in (Union, UnionType):
        kind = next(t for t in get_args(kind) if t is not type(None))
    if get_origin(kind) is Mapping:
        return _mapping(get_args(kind)[1], value, path)
    reader = _READERS.get(kind)
    return reader(value, path) if reader else _section(kind, value, path)


def _mapping(kind: Any, value: object, path: str) -> Mapping[str, Any]:
    allowed = "an object whose keys are non-empty texts"
    if not isinstance(value, Mapping):
        raise PolicyError(path, f"{value!r} is not an object", allowed)
    for key in value:
        if not key.strip():
            raise PolicyError(path, f"the key {key!r} is empty", allowed)
    return MappingProxyType({key: _read(kind, v, f"{path}.{key}") for key, v in value.items()})


def _count(value: object, path: str) -> int:
    if type(value) is not int or value < 0:
        raise PolicyError(path, f"{value!r} is not a count", "a whole number from 0 on")
    return value


def _amount(value: object, path: str) -> Decimal:
    try:
        amount = read_amount(value)
    except ValueError as error:
        raise PolicyError(path, f"{value!r} is not an amount", AMOUNT_ALLOWED) from error
    if amount < 0:
        raise PolicyError(path, f"{value!r} is negative", "an amount from 0 on")
    return amount


def _texts(value: object, path: str) -> tuple[str, ...]:
    allowed = "a list of different, non-empty texts"
    if not isinstance(value, list):
        raise PolicyError(path, f"{value!r} is not a list", allowed)
    for index, item in enumerate(value):
        if not isinstance(item, str) or not item.strip() or item in value[:index]:
            problem = f"{item!r} is empty, repeated or no text"
            raise PolicyError(f"{path}[{index}]", problem, allowed)
    return tuple(value)


_READERS: dict[Any, Callable[[object, str], Any]] = {
    int: _count,
    Decimal: _amount,
    tuple[str, ...]: _texts,
    frozenset[str]: lambda value, path: frozenset(_texts(value, path)),
}


def _document(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        found = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        written = {k: _document(v) for k, v in found.items() if v is not None}
        if isinstance(value, Policy) and value.format > 1:
            written["format"] = value.format
        return written
    if isinstance(value, Mapping):
        return {key: _document(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
