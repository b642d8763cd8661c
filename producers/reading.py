"""The first step of an ingest: rows become records in the spool, with safe points in between.

Nothing is sent while a source is read: whether it may be, and which days are news, is known only
at its end. A process that dies goes on at the last safe point; what was spooled after it is
written again, under the same names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from producers import checkpoint as checkpoints
from producers import spool as spools
from producers.checkpoint import Checkpoint, Opened
from producers.packing import Packer, Record
from producers.progress import Progress
from producers.sources import ChargeRow, RejectedRow, Scope, Source
from producers.spool import Spool
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, Envelope

SAFE_POINT_ROWS = 200_000
"""Rows between two safe points. Each closes every open record, so a shorter distance costs billed
bytes: at this one, less than a hundredth."""
CHUNK_BYTES = 4 * 1024 * 1024
"""Records are spooled in objects of about this size."""
LOOK_ROWS = 512
"""Rows between two looks at the clock."""
PROGRESS_ROWS = 2_048


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop for now: the source is read on by the next call.

    Attributes:
        out_of_time: whether the time is used up; asked every few hundred rows.
        parts: the most files to begin in one call; None reads them all.
    """

    out_of_time: Callable[[], bool] = lambda: False
    parts: int | None = None


NO_LIMITS = Limits()


class Reader:
    """Reads one source into a spool.

    Memory: one unfinished record a partition, one chunk of records, one of rejected rows.
    """

    def __init__(
        self,
        source: Source,
        spool: Spool,
        checkpoint: Checkpoint,
        identify: Callable[[Scope], str],
        *,
        progress: Callable[[Progress], None],
        safe_point: Callable[[], None],
    ) -> None:
        self._source = source
        self._spool = spool
        self._at = checkpoint
        self._identify = identify
        self._progress = progress
        self._safe_point = safe_point
        self._encoder = ChargeEncoder()
        self._begin()
        self._by_scope = {d.scope: d for d in checkpoint.deliveries}
        self._records: list[Record] = []
        self._bytes = 0
        self._rejected: list[tuple[str, RejectedRow]] = []
        self._rejected_bytes = 0
        self._envelopes: dict[tuple[str, str, str], ChargeEnvelope] = {}
        self._total = sum(part.size for part in source.parts)

    def read(self, limits: Limits) -> bool:
        """Read on; tell whether the source is at its end.

        Raises:
            SourceError: the source stopped being readable; nothing was sent.
        """
        parts = self._source.parts
        last = len(parts) if limits.parts is None else self._at.part + limits.parts
        while self._at.part < min(last, len(parts)):
            if not self._read_part(limits):
                return False
        self._save()
        return self._at.part == len(parts)

    def _read_part(self, limits: Limits) -> bool:
        at = self._at
        part = self._source.parts[at.part]
        for mapped in part.rows(at.rows - at.row, skip=at.row):
            at.row += 1
            at.rows += 1
            self._since += 1
            for row in mapped:
                if isinstance(row, ChargeRow):
                    self._take(row)
                else:
                    self._reject(row)
            if at.rows % PROGRESS_ROWS == 0:
                done = at.bytes_before + part.bytes_read
                self._progress(Progress(at.step, at.rows, done / max(self._total, 1)))
            if self._since % LOOK_ROWS == 0:
                if limits.out_of_time():
                    self._save()
                    return False
                if self._since >= SAFE_POINT_ROWS:
                    self._save()
        at.part, at.row = at.part + 1, 0
        at.bytes_before += part.size
        return True

    def _take(self, row: ChargeRow) -> None:
        delivery = self._of(row.scope)
        self._at.notes.update(row.notes)
        encoded = self._encoder.event(row.charge)
        delivery.totals.add(row, self._encoder.content(encoded))
        envelope = self._envelope(delivery.delivery_id, row)
        self._spool_records(self._packer.add(envelope, row.charge, encoded))

    def _reject(self, row: RejectedRow) -> None:
        delivery = self._of(row.scope)
        delivery.totals.reject(row)
        self._rejected.append((delivery.delivery_id, row))
        self._rejected_bytes += len(row.text) + sum(map(len, row.columns))
        if self._rejected_bytes >= CHUNK_BYTES:
            self._put_rejected()

    def _of(self, scope: Scope) -> Opened:
        found = self._by_scope.get(scope)
        if found is None:
            found = self._by_scope[scope] = Opened(scope, self._identify(scope))
            self._at.deliveries.append(found)
        return found

    def _envelope(self, delivery_id: str, row: ChargeRow) -> ChargeEnvelope:
        key = (delivery_id, row.scope.billing_period, row.charge_date)
        found = self._envelopes.get(key)
        if found is None:
            found = self._envelopes[key] = ChargeEnvelope(
                **envelope_of(self._source, delivery_id), billing_period=key[1], charge_date=key[2]
            )
        return found

    def _spool_records(self, records: Iterable[Record]) -> None:
        for record in records:
            self._records.append(record)
            self._bytes += len(record.data)
            if self._bytes >= CHUNK_BYTES:
                self._put_records()

    def _save(self) -> None:
        """Make a safe point: everything read so far is in the spool, then the checkpoint."""
        self._spool_records(self._packer.flush())
        self._put_records()
        self._put_rejected()
        checkpoints.save(self._spool, self._at)
        self._begin()
        self._safe_point()

    def _begin(self) -> None:
        """Begin after a safe point with nothing learned: then names say what chunks hold."""
        self._packer = Packer(self._encoder)
        self._since = 0
        self._from = self._at.rows
        self._chunk = 0

    def _name(self, kind: str) -> str:
        self._chunk += 1
        return f"{kind}-{self._from:010}-{self._chunk:04}-{self._at.rows:010}"

    def _put_records(self) -> None:
        if self._records:
            name = self._name("records")
            spools.put_records(self._spool, name, self._records)
            self._at.record_chunks.append(name)
            self._records, self._bytes = [], 0

    def _put_rejected(self) -> None:
        if self._rejected:
            name = self._name("rejected")
            spools.put_rejected(self._spool, name, self._rejected)
            self._at.rejected_chunks.append(name)
            self._rejected, self._rejected_bytes = [], 0


def envelope_of(source: Source, delivery_id: str) -> Envelope:
    """Return what all events of a delivery share."""
    return Envelope(
        delivery_id=delivery_id,
        delivery_mode=source.mode,
        source=source.kind,
        mapper_version=source.mapper_version,
    )
