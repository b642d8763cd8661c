"""What the lake must show, as one would say it on a page: the law's other side, in memory.

Written from the words of the design, not from its code: it imports nothing of ours.

- A delivery speaks for *scopes*: payer account and billing period. What it says of one is a claim.
- Claims count by when they were said, not by when they came. A newer claim of the same *instance*
  (an export, or a file by its content) takes the older one's place; a claim that *replaces* ends
  every other one said before it.
- Where only others hold one of its scopes, a delivery needs a person's word. Without it nothing of
  it happens, in none of its scopes. `--replace` ends what is there, and counts as said now; `--add`
  stands beside it, and counts as said after whatever replaced the scope before; where that is what
  makes it new, also after its own instance's other claims, as the last word.
- What was said before is said again where it speaks of a newer time than ever before; otherwise
  there is nothing to say, unless a person insists: `--resend`, or `--replace` where others hold.
- A delivery claims its scopes before it says so. A claim whose process died keeps others out, and
  is said when its command comes again; it gives its own instance no right.
- What was said shows once all its rows and its end have arrived, from the next settle on; until
  then the scope is what it was. Rows that cannot be read are nobody's claim.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from itertools import combinations

Scope = tuple[str, str]
"""(payer account, billing period)."""
Key = tuple[str, str, str, str]
"""(payer account, billing period, charge date, resource)."""
Sums = tuple[int, Decimal, Decimal]
"""Rows, billed and effective cost."""
Charges = dict[Key, Sums]

_WIDE = Context(prec=200)
_STORED = Decimal("1e-12")


class Word(StrEnum):
    """What a person says about who else holds a scope."""

    NOTHING = "nothing"
    REPLACE = "--replace"
    ADD = "--add"


@dataclass(frozen=True, slots=True)
class Line:
    """A charge, as its source writes it."""

    account: str
    period: str
    date: str
    resource: str
    billed: str
    effective: str

    @property
    def scope(self) -> Scope:
        """What it belongs to."""
        return (self.account, self.period)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to ingest: the same content is the same delivery, whenever it is said."""

    content: str
    instance: str
    at: int
    """When its source says so: time of the file or of the manifest, microseconds since 1970."""
    lines: tuple[Line, ...]
    """Those that can be read."""

    @property
    def scopes(self) -> list[Scope]:
        """What it speaks for."""
        return sorted({line.scope for line in self.lines})


@dataclass(frozen=True, slots=True)
class Claim:
    """That a scope is what a delivery holds."""

    content: str
    instance: str
    at: int
    replaces: bool
    lines: tuple[Line, ...]


Claims = dict[Scope, list[Claim]]
Rows = set[tuple[str, Scope]]
"""(content, scope) of which every row is there."""


class Model:
    """A lake, without a lake."""

    def __init__(self) -> None:
        self._claimed: Claims = defaultdict(list)
        self._open: dict[str, Claims] = {}
        """By content, what is claimed and not said."""
        self._said: Claims = defaultdict(list)
        self._sent: Rows = set()
        self._landed: Claims = {}
        self._rows: Rows = set()
        self._shown: Claims = {}
        self._trickles = False

    # --- what is done to it

    def send(self, delivery: Delivery, *, resend: bool, lost: Collection[Scope] = ()) -> None:
        """Put the rows into the stream; those of a delivery that was said before stay at home.

        Args:
            delivery: what is sent.
            resend: whether it is sent although it is known.
            lost: scopes of which a record was damaged on its way.
        """
        for scope in delivery.scopes:
            if (resend or not self._knows(delivery, scope)) and scope not in lost:
                self._sent.add((delivery.content, scope))

    def claim(self, delivery: Delivery, word: Word, now: int, *, resend: bool) -> None:
        """Claim the scopes of a delivery, in place of what it claimed and never said.

        Whether it may was asked before.
        """
        found = [(s, self._claim(delivery, s, word, now, resend)) for s in delivery.scopes]
        for scope, claims in self._open.pop(delivery.content, {}).items():
            self._claimed[scope] = [c for c in self._claimed[scope] if c not in claims]
        self._open[delivery.content] = {scope: [claim] for scope, claim in found if claim}
        for scope, claims in self._open[delivery.content].items():
            self._claimed[scope] += claims

    def say(self, delivery: Delivery) -> None:
        """Say what a delivery claimed."""
        for scope, claims in self._open.pop(delivery.content, {}).items():
            self._said[scope] += claims

    def trickle(self) -> None:
        """Let some of what is in the stream arrive in the lake, nobody knows what."""
        self._trickles = True

    def land(self) -> None:
        """Let everything that is in the stream arrive in the lake."""
        self._rows = set(self._sent)
        self._landed = {scope: list(claims) for scope, claims in self._said.items()}

    def settle(self) -> None:
        """Show, of each scope, what the lake has whole; a scope without any stays as it was."""
        for scope, claims in self._landed.items():
            whole = [claim for claim in claims if (claim.content, scope) in self._rows]
            if whole:
                self._shown[scope] = holding(whole)
        self._trickles &= self.waits

    # --- what it says

    def refuses(self, delivery: Delivery, word: Word) -> bool:
        """Tell whether a delivery needs a word that was not said."""
        if word is not Word.NOTHING:
            return False
        return any(
            held and all(claim.instance != delivery.instance for claim in held)
            for scope in delivery.scopes
            for held in (holding(self._claimed[scope]), holding(self._said[scope]))
        )

    def has_claimed(self, delivery: Delivery) -> bool:
        """Tell whether a delivery died between its claim and its end."""
        return delivery.content in self._open

    def knows(self, delivery: Delivery) -> bool:
        """Tell whether a delivery was said before, of any scope."""
        return any(self._knows(delivery, scope) for scope in delivery.scopes)

    @property
    def shown(self) -> Mapping[Scope, list[Claim]]:
        """What the scopes are read from."""
        return self._shown

    @property
    def waits(self) -> bool:
        """Whether the stream has something that is not in the lake."""
        return any(claims != self._landed.get(scope) for scope, claims in self._said.items())

    @property
    def whole(self) -> bool:
        """Whether all rows of everything that was said have arrived."""
        said = {(c.content, scope) for scope, claims in self._landed.items() for c in claims}
        return said <= self._rows

    def may_show(self, charges: Charges) -> bool:
        """Tell whether the view `charges` may be this; one answer is right, unless it trickles."""
        if not self._trickles:
            return charges == _charges(self._shown)
        of_scope: dict[Scope, Charges] = defaultdict(dict)
        for key, sums in charges.items():
            of_scope[key[:2]][key] = sums
        scopes = of_scope.keys() | self._shown.keys()
        return all(
            any(of_scope[scope] == _charges({scope: held}) for held in self._may_hold(scope))
            for scope in scopes
        )

    def charges(self) -> Charges:
        """Return what the view `charges` shows once nothing trickles."""
        return _charges(self._shown)

    def source_sums(self) -> dict[Scope, Decimal]:
        """Return the billed cost of what is shown, to the sources' last digit."""
        sums: dict[Scope, Decimal] = defaultdict(Decimal)
        for line in _lines(self._shown):
            sums[line.scope] = _WIDE.add(sums[line.scope], Decimal(line.billed))
        return dict(sums)

    def _may_hold(self, scope: Scope) -> Iterator[list[Claim]]:
        """Yield what a scope may be read from while only some claims have arrived whole."""
        yield self._shown.get(scope, [])
        claims = [claim for claim in self._said[scope] if (claim.content, scope) in self._sent]
        for size in range(1, len(claims) + 1):
            yield from map(holding, combinations(claims, size))

    def _claim(
        self, delivery: Delivery, scope: Scope, word: Word, now: int, resend: bool
    ) -> Claim | None:
        """Return what a delivery says of a scope, or None where it has nothing to say."""
        claims = self._claimed[scope]
        held = holding(claims) + holding(self._said[scope])
        replaces = word is Word.REPLACE and any(c.content != delivery.content for c in held)
        at = [delivery.at]
        if replaces:
            at += [now, *(claim.at + 1 for claim in claims)]
        if word is Word.ADD:
            at += [claim.at + 1 for claim in claims if claim.replaces]
            if max(at) > delivery.at:
                own = [claim for claim in claims if claim.instance == delivery.instance]
                at += [claim.at + 1 for claim in own if claim.content != delivery.content]
        before = [claim.at for claim in self._said[scope] if claim.content == delivery.content]
        if before and max(at) <= max(before) and not (replaces or resend):
            return None
        lines = tuple(line for line in delivery.lines if line.scope == scope)
        return Claim(delivery.content, delivery.instance, max(at), replaces, lines)

    def _knows(self, delivery: Delivery, scope: Scope) -> bool:
        return any(claim.content == delivery.content for claim in self._said[scope])


def holding(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that hold their scope: the newest of each instance since the last end."""
    in_order = sorted(claims, key=lambda claim: claim.at)
    end = max((claim.at for claim in in_order if claim.replaces), default=0)
    newest = {claim.instance: claim for claim in in_order if claim.at >= end}
    return list(newest.values())


def _charges(claims: Mapping[Scope, list[Claim]]) -> Charges:
    sums: Charges = {}
    for line in _lines(claims):
        key = (line.account, line.period, line.date, line.resource)
        rows, billed, effective = sums.get(key, (0, Decimal(0), Decimal(0)))
        billed = _WIDE.add(billed, _stored(line.billed))
        sums[key] = (rows + 1, billed, _WIDE.add(effective, _stored(line.effective)))
    return sums


def _lines(claims: Mapping[Scope, list[Claim]]) -> Iterator[Line]:
    return (line for held in claims.values() for claim in held for line in claim.lines)


def _stored(text: str) -> Decimal:
    """Round as the lake does."""
    return Decimal(text).quantize(_STORED, ROUND_HALF_EVEN, _WIDE)
