"""Before anything is sent: is it new, which days changed, and may it take its scope? Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from producers.checkpoint import Decision, Opened
from producers.errors import SourceError
from producers.receipts import Claim, Receipt
from producers.sources import Scope, Source
from schemas.events import Day
from schemas.scopes import holders

_TICK = 1_000
"""Microseconds. Athena reads the lake's times (INT96) in milliseconds: what is ordered here must be
ordered there."""


class OnConflict(StrEnum):
    """What to do where another export or file holds the scope."""

    REFUSE = "refuse"
    REPLACE = "replace"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A scope that something else holds: the two of them, with rows and money."""

    scope: Scope
    holder: str
    holder_events: int
    holder_billed: dict[str, str]
    appends: bool
    """Whether the holder appends: then it cannot be replaced."""
    newcomer: str
    events: int
    billed: dict[str, str]


class ScopeHeldError(SourceError):
    """Another export or file holds the scope; nothing was sent."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        first = conflicts[0]
        more = f" (and {len(conflicts) - 1} more scopes)" if len(conflicts) > 1 else ""
        if first.appends:
            way = "its rows are appended and cannot be replaced; say --add if these come on top"
        else:
            way = "say --replace to read it from the new one, or --add if both count"
        super().__init__(
            f"{first.scope.billing_account_id}, {first.scope.billing_period} is held by "
            f"{first.holder} ({_said(first.holder_events, first.holder_billed)}); "
            f"{first.newcomer} has {_said(first.events, first.billed)}{more}; {way}"
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a delivery's scope before it is sent."""

    receipt: Receipt | None
    """Of this very delivery, if it was completed before."""
    claims: Sequence[Claim]
    """Everything that was claimed of the scope."""
    appended: Receipt | None
    """Of one of those that append to it."""
    readable: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(delivery id, billing period, charge date) that the lake is read from now, and how many rows
    of it are there."""

    @property
    def is_sent(self) -> bool:
        """Whether this very delivery was completed before."""
        return self.receipt is not None and self.receipt.is_sent


def decide(
    source: Source,
    opened: Opened,
    billed: dict[str, str],
    known: Known,
    *,
    on_conflict: OnConflict,
    resend: bool,
    now: int,
) -> Decision | Conflict:
    """Decide about one delivery.

    Args:
        source: what is delivered.
        opened: its scope and totals.
        billed: its billed cost by currency.
        known: what the lake knows.
        on_conflict: what a person said about other holders.
        resend: send every event, whatever is known.
        now: microseconds since 1970 UTC; when a person's word is newer than any file.
    """
    if source.mode == "append":
        already = known.is_sent and not resend
        asserted_at = source.asserted_at // _TICK * _TICK
        return Decision(not already, asserted_at, False, already, send=not already)
    # What was only claimed gives its own export no right, and warns everybody else.
    holding = holders(claim for claim in known.claims if claim.is_said)
    same = [h for h in holding if h.dataset_instance == source.dataset_instance]
    held = {claim.delivery_id: claim for claim in holding}
    held.update((c.delivery_id, c) for c in known.claims if not c.is_said)
    others = [c for c in held.values() if c.dataset_instance != source.dataset_instance]
    if not same and opened.totals.events and (others or known.appended):
        holder = known.appended or others[-1].receipt
        appends = known.appended is not None
        refused = on_conflict is OnConflict.REFUSE
        if refused or (on_conflict is OnConflict.REPLACE and appends):
            return _conflict(source, opened, billed, holder, appends)
    # An older assembly of the same export too, if a person says so.
    held_by_others = any(delivery_id != opened.delivery_id for delivery_id in held)
    replaces = on_conflict is OnConflict.REPLACE and held_by_others
    rivals = [c for c in known.claims if c.delivery_id != opened.delivery_id]
    asserted_at = _asserted_at(source, known.claims, rivals, on_conflict, replaces, now)
    beside = [h.delivery_id for h in others]
    earlier = known.receipt
    if earlier is not None and earlier.is_sent and not resend:
        if earlier.is_pending and not replaces:
            # It was claimed and maybe never said: say it.
            asserted_at = earlier.asserted_at
            replaces = earlier.completed["replaces_scope"]
        # What is said of a newer time counts from then on, against what is said of one between.
        asserted = replaces or asserted_at > earlier.accepted_at
        return Decision(asserted, asserted_at, replaces, already=True, send=False, beside=beside)
    if earlier is not None and earlier.is_sent and earlier.completed["revision"]:
        # Rows of a held day that were retried stand beside it; all of its rows must not join them.
        days = earlier.completed["days"]
        kept = {_partition(day): day["held_by"] for day in days if day["held_by"]}
    else:
        # Only of the same instance: one that replaced another may stand beside it one day.
        kept = {} if resend else _unchanged(opened, [h.receipt for h in same], known.readable)
    return Decision(True, asserted_at, replaces, already=False, held=kept, beside=beside)


def _asserted_at(
    source: Source,
    claims: Sequence[Claim],
    rivals: Sequence[Claim],
    on_conflict: OnConflict,
    replaces: bool,
    now: int,
) -> int:
    """Return when the delivery counts as said: a person's word is newer than what it is about."""
    said = [source.asserted_at]
    if replaces:
        said += [now, *(c.asserted_at + _TICK for c in claims)]
    elif on_conflict is OnConflict.ADD:
        after = [c.asserted_at for c in claims if c.replaces_scope]
        if after and max(after) >= source.asserted_at:
            # It counts by a person's word alone: of several of one export, the last word's does.
            instance = source.dataset_instance
            after += [c.asserted_at for c in rivals if c.dataset_instance == instance]
        said += [at + _TICK for at in after]
    return max(said) // _TICK * _TICK


def _partition(day: Day) -> str:
    return f"{day['billing_period']}/{day['charge_date']}"


def _unchanged(
    opened: Opened, replaced: Sequence[Receipt], readable: Mapping[tuple[str, str, str], int]
) -> dict[str, str]:
    """Return the days that an earlier delivery already has, row for row."""
    before = {}
    for receipt in replaced:
        days = receipt.completed["days"]
        entries = Counter(day["charge_date"] for day in days)
        for day in days:
            key = (day["billing_period"], day["charge_date"])
            if entries[day["charge_date"]] > 1:
                continue  # Retried rows beside an earlier delivery's: no one hash says it all.
            holder = day["held_by"] or receipt.delivery_id
            # Only days that are all there: one that waits for its rows may never get them.
            if readable.get((holder, *key), 0) >= day["events"]:
                before[key] = (day["events"], day["content_hash"], holder)
    held = {}
    for day in opened.totals.days():
        key = (day["billing_period"], day["charge_date"])
        events, content, holder = before.get(key, (0, "", ""))
        if (events, content) == (day["events"], day["content_hash"]):
            held[_partition(day)] = holder
    return held


def _conflict(
    source: Source, opened: Opened, billed: dict[str, str], holder: Receipt, appends: bool
) -> Conflict:
    return Conflict(
        scope=opened.scope,
        holder=holder.completed["source_name"],
        holder_events=holder.completed["events"],
        holder_billed=holder.billed(),
        appends=appends,
        newcomer=source.name,
        events=opened.totals.events,
        billed=billed,
    )


def _said(events: int, billed: dict[str, str]) -> str:
    money = ", ".join(f"{value} {currency}" for currency, value in billed.items())
    return f"{events:,} row{'' if events == 1 else 's'}, {money or 'no cost'}"
