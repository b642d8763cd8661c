"""The policy: thresholds and lists that a company changes more often than code.

The dataclasses below are the closed schema of the document: every field is required, no other key
is allowed, amounts are texts. A change of the default is a new file in `rules/policies/`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from typing import Any, TypeVar, get_type_hints

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

CORRECTION = "Correction"
DEFAULT = "1.json"
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
    new_min_monthly_amount: Decimal


@dataclass(frozen=True, slots=True)
class TagLimits:
    """Which tags a charge must carry, and from which monthly worth on a gap is a finding."""

    required: tuple[str, ...]
    exempt_services: frozenset[str]
    min_monthly_amount: Decimal


@dataclass(frozen=True, slots=True)
class LowValueLimits:
    """Which recurring costs are small enough to be overlooked and large enough to be named."""

    min_days: int
    min_monthly_amount: Decimal
    max_monthly_amount: Decimal


@dataclass(frozen=True, slots=True)
class SeverityLimits:
    """From which monthly worth on a finding is graded medium, and high."""

    medium_monthly_amount: Decimal
    high_monthly_amount: Decimal


@dataclass(frozen=True)
class Policy:
    """What the rules are told to look for; equal policies have equal versions."""

    exempt_charge_categories: frozenset[str]
    """Charges that are not the use of anything: no rule judges them."""
    cost: CostLimits
    tags: TagLimits
    low_value: LowValueLimits
    severity: SeverityLimits

    @cached_property
    def version(self) -> str:
        """The fingerprint of the policy's values; layout and key order do not count."""
        return fingerprint(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the canonical document, which `parse_policy` reads back."""
        return canonical_json(_document(self))

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
    policy = _section(Policy, document, "$")
    _in_order("$.low_value", policy.low_value, "min_monthly_amount", "max_monthly_amount")
    _in_order("$.severity", policy.severity, "medium_monthly_amount", "high_monthly_amount")
    return policy


@cache
def default_policy() -> Policy:
    """Return the policy that comes with this version of the project."""
    return parse_policy(resources.files("rules").joinpath("policies", DEFAULT).read_bytes())


def _in_order(path: str, limits: object, lower: str, upper: str) -> None:
    if getattr(limits, lower) > getattr(limits, upper):
        raise PolicyError(f"{path}.{lower}", f"it is above {upper}", f"at most {upper}")


def _section(kind: type[_T], value: object, path: str) -> _T:
    fields = get_type_hints(kind)
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
    reader = _READERS.get(kind)
    return reader(value, path) if reader else _section(kind, value, path)


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
        return {f.name: _document(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
