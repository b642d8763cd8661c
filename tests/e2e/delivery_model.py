"""What the lake must show, as one would say it on a page: the law's other side, in memory.

Written from the words of the design, not from its code: it imports nothing of ours.

- A delivery speaks for *scopes*: payer account and billing period. What it said of one is a claim.
- Claims count in the order in which they were said, not in which they came. A newer claim of the
  same *instance* (an export, or a file by its content) takes the older one's place; a claim that
  *replaces* ends every other one said before it.
- Where another instance holds one of its scopes, a delivery needs a person's word. Without it,
  nothing of it happens, in none of its scopes. `--replace` ends what is there, and counts as said
  now; `--add` stands beside it, after whatever replaced the scope before.
- What a lake has already is said again only where that changes something: it does not hold the
  scope, and speaks of a newer time than before. `--resend` says it again in any case.
- A claim shows when all its rows and its end have arrived, from the next settle on; until then the
  scope is what it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

Scope = tuple[str, str]
"""(payer account, billing period)."""
Key = tuple[str, str, str, str]
"""(payer account, billing period, charge date, resource)."""
Shown = tuple[int, Decimal, Decimal]
"""Rows, billed and effective cost."""

_WIDE = Context(prec=200)
_STORED = Decimal("1e-12")


class Word(StrEnum):
    """What a person says about who else holds a scope."""

    NOTHING = "nothing"
    REPLACE = "--replace"
    ADD = "--add"


class RefusedError(Exception):
    """Somebody else holds a scope, and no word was said."""


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
"""(content, scope) of which every row was sent."""


class Model:
    """A lake, without a lake."""

    def __init__(self) -> None:
        self._said: Claims = defaultdict(list)
        self._sent: Rows = set()
        self._landed: Claims = {}
        self._rows: Rows = set()
        self._shown: Claims = {}

    def refuses(self, delivery: Delivery, word: Word) -> bool:
        """Tell whether a delivery needs a word that was not said."""
        if word is not Word.NOTHING:
            return False
        return any(
            claims and all(claim.instance != delivery.instance for claim in claims)
            for claims in (holding(self._said[scope]) for scope in delivery.scopes)
        )

    def send(self, delivery: Delivery, *, resend: bool, lost: Collection[Scope] = ()) -> None:
        """Put the rows into the stream; those of a delivery that was said before stay at home.

        Args:
            delivery: what is sent.
            resend: whether it is sent although it is known.
            lost: scopes of which a record was damaged on its way.
        """
        for scope in delivery.scopes:
            if (resend or not self._said_before(delivery, scope)) and scope not in lost:
                self._sent.add((delivery.content, scope))

    def complete(self, delivery: Delivery, word: Word, now: int, *, resend: bool) -> None:
        """Say what a delivery says, after its rows; the word is not asked for again."""
        for scope in delivery.scopes:
            self._claim(delivery, scope, word, now, resend)

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

    def knows(self, delivery: Delivery) -> bool:
        """Tell whether a delivery was said before, in any scope."""
        return any(self._said_before(delivery, scope) for scope in delivery.scopes)

    @property
    def whole(self) -> bool:
        """Whether all rows of everything that was said have arrived."""
        said = {(c.content, scope) for scope, claims in self._landed.items() for c in claims}
        return said <= self._rows

    @property
    def shown(self) -> Claims:
        """What the scopes are read from."""
        return self._shown

    def charges(self) -> dict[Key, Shown]:
        """Return what the view `charges` sums up to."""
        sums: dict[Key, Shown] = {}
        for line in _lines(self._shown):
            key = (line.account, line.period, line.date, line.resource)
            rows, billed, effective = sums.get(key, (0, Decimal(0), Decimal(0)))
            sums[key] = (
                rows + 1,
                _WIDE.add(billed, _stored(line.billed)),
                _WIDE.add(effective, _stored(line.effective)),
            )
        return sums

    def source_sums(self) -> dict[Scope, Decimal]:
        """Return the billed cost of what is shown, to the sources' last digit."""
        sums: dict[Scope, Decimal] = defaultdict(Decimal)
        for line in _lines(self._shown):
            sums[line.scope] = _WIDE.add(sums[line.scope], Decimal(line.billed))
        return dict(sums)

    def _claim(self, delivery: Delivery, scope: Scope, word: Word, now: int, resend: bool) -> None:
        claims = self._said[scope]
        others = [c for c in holding(claims) if c.instance != delivery.instance]
        holds = any(c.content == delivery.content for c in holding(claims))
        replaces = word is Word.REPLACE and bool(others)
        at = delivery.at
        if replaces:
            at = max(at, now, *(claim.at + 1 for claim in claims))
        elif word is Word.ADD:
            at = max(at, *(claim.at + 1 for claim in claims if claim.replaces), at)
        before = [claim.at for claim in claims if claim.content == delivery.content]
        if before and not (resend or replaces or (not holds and at > max(before))):
            return
        lines = tuple(line for line in delivery.lines if line.scope == scope)
        claims.append(Claim(delivery.content, delivery.instance, at, replaces, lines))

    def _said_before(self, delivery: Delivery, scope: Scope) -> bool:
        return any(claim.content == delivery.content for claim in self._said[scope])


def holding(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that hold their scope: the newest of each instance since the last end."""
    in_order = sorted(claims, key=lambda claim: claim.at)
    ends = max((claim.at for claim in in_order if claim.replaces), default=0)
    newest = {claim.instance: claim for claim in in_order if claim.at >= ends}
    return list(newest.values())


def _lines(claims: Claims) -> Iterable[Line]:
    return (line for held in claims.values() for claim in held for line in claim.lines)


def _stored(text: str) -> Decimal:
    return Decimal(text).quantize(_STORED, ROUND_HALF_EVEN, _WIDE)
