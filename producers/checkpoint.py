"""Where an ingest stands, as one small JSON object: enough to go on after any interruption."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from producers.errors import SourceError
from producers.sending import Sent
from producers.sources import Scope
from producers.spool import CHECKPOINT, Spool
from producers.totals import DeliveryTotals
from schemas.lake import INGESTED, SPOOL, ObjectStore

FORMAT = 1


class Step(StrEnum):
    """The steps of a delivery, in order; each may be repeated, and none is skipped.

    An ingest that dies is continued by the same command, at the step it had begun.
    """

    READ = "read"
    """Rows become records in the spool; nothing is sent yet."""
    DECIDE = "decide"
    """Compare with what the lake holds: what is new, and may it replace what is there."""
    SEND = "send"
    """Records of changed days go to the stream."""
    QUARANTINE = "quarantine"
    """Rejected rows are kept under `quarantine/`."""
    CLAIM = "claim"
    """Other ingests are told that the scopes are taken: receipts without a time are written."""
    COMPLETE = "complete"
    """DeliveryCompleted goes to the stream, one for each scope."""
    RECEIPT = "receipt"
    """What was delivered is written down for the next ingest."""
    CLEAR = "clear"
    """The spool is emptied."""


@dataclass(slots=True)
class Decision:
    """What is done about one delivery of the ingest."""

    asserted: bool
    """Whether DeliveryCompleted is sent."""
    asserted_at: int
    replaces_scope: bool
    already: bool
    """Whether it was delivered before: then no event is sent again."""
    held: dict[str, str] = field(default_factory=dict)
    """Unchanged days (`period/date`), and the earlier delivery that has their rows."""
    send: bool = True
    """Whether its other days are sent."""
    beside: list[str] = field(default_factory=list)
    """Deliveries of other instances that held the scope when this was decided."""

    def sends(self, partition: str) -> bool:
        """Tell whether the records of a partition are sent."""
        return self.send and partition not in self.held


@dataclass(slots=True)
class Opened:
    """One delivery of the ingest: what it covers and what was counted so far."""

    scope: Scope
    delivery_id: str
    totals: DeliveryTotals = field(default_factory=DeliveryTotals)
    decision: Decision | None = None


@dataclass(slots=True)
class Checkpoint:
    """Everything an ingest has to remember."""

    source_name: str = ""
    """How people call what is ingested."""
    step: Step = Step.READ
    part: int = 0
    """The part that is read next."""
    row: int = 0
    """How many of its rows were read."""
    rows: int = 0
    """Rows read in all parts."""
    bytes_before: int = 0
    """The size of the parts that were read to their end."""
    record_chunks: list[str] = field(default_factory=list)
    rejected_chunks: list[str] = field(default_factory=list)
    sent_chunks: int = 0
    """How many of the record chunks were sent."""
    deliveries: list[Opened] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    sent: Sent = field(default_factory=Sent)
    json_billed: int = 0
    """What Firehose would bill for the sent events, one JSON event a record."""
    refused: str = ""
    """Why it may not be delivered, in a sentence; a person has to say more."""
    resumed: bool = False
    """Whether another process began it."""

    def opened(self, scope: Scope) -> Opened | None:
        """Return the delivery of a scope."""
        return next((d for d in self.deliveries if d.scope == scope), None)


def save(spool: Spool, checkpoint: Checkpoint) -> None:
    """Write down where the ingest stands; what it names must already be in the spool."""
    spool.put(CHECKPOINT, _encoded(checkpoint))


def load(spool: Spool) -> Checkpoint | None:
    """Return where an earlier process left the ingest; None where nobody began it.

    Raises:
        SourceError: the checkpoint is damaged.
    """
    try:
        found = _decoded(spool.get(CHECKPOINT))
    except KeyError:
        return None
    if found is not None:
        found.resumed = True
    return found


def interrupted(store: ObjectStore) -> Iterator[Checkpoint]:
    """Yield where each unfinished ingest stands."""
    for info in store.list(f"{SPOOL}ingest/"):
        if info.key.endswith("/" + CHECKPOINT):
            found = _decoded(store.get(info.key))
            if found is not None:
                yield found


def remember(store: ObjectStore, ingest_id: str, checkpoint: Checkpoint) -> None:
    """Keep what a finished ingest counted: the same source again need not be read."""
    store.put(_note(ingest_id), _encoded(checkpoint))


def recall(store: ObjectStore, ingest_id: str) -> Checkpoint | None:
    """Return what a finished ingest counted, at the step of deciding and with nothing to send."""
    try:
        found = _decoded(store.get(_note(ingest_id)))
    except KeyError:
        return None
    if found is not None:
        found.step = Step.DECIDE
        found.record_chunks, found.rejected_chunks, found.sent_chunks = [], [], 0
        found.sent, found.json_billed = Sent(), 0
    return found


def _note(ingest_id: str) -> str:
    return f"{INGESTED}sources/{ingest_id}.json"


_PLAIN = (
    *("source_name", "refused", "step", "part", "row", "rows", "bytes_before"),
    *("record_chunks", "rejected_chunks", "sent_chunks", "json_billed"),
)
"""Fields that are JSON as they are."""


def _encoded(checkpoint: Checkpoint) -> bytes:
    fields: dict[str, Any] = {name: getattr(checkpoint, name) for name in _PLAIN}
    fields["format"] = FORMAT
    fields["notes"] = dict(checkpoint.notes)
    fields["sent"] = asdict(checkpoint.sent)
    fields["deliveries"] = [
        {
            "scope": asdict(d.scope),
            "delivery_id": d.delivery_id,
            "totals": d.totals.state(),
            "decision": None if d.decision is None else asdict(d.decision),
        }
        for d in checkpoint.deliveries
    ]
    return orjson.dumps(fields)


def _decoded(body: bytes) -> Checkpoint | None:
    try:
        fields = orjson.loads(body)
        if fields.pop("format") != FORMAT:
            return None  # An older version's: reading again costs time, nothing else.
        fields["step"] = Step(fields["step"])
        fields["notes"] = Counter(fields["notes"])
        fields["sent"] = Sent(**fields["sent"])
        fields["deliveries"] = [
            Opened(
                scope=Scope(**d["scope"]),
                delivery_id=d["delivery_id"],
                totals=DeliveryTotals.of(**d["totals"]),
                decision=None if d["decision"] is None else Decision(**d["decision"]),
            )
            for d in fields["deliveries"]
        ]
        return Checkpoint(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"the checkpoint of an interrupted ingest is damaged ({error}); "
            "say --restart to read the source again"
        ) from error
