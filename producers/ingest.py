"""One source, delivered: read into the spool, decide, send, close. Safe to kill at any step.

A source may hold several scopes (payer account x billing period); each is a delivery of its own,
with an id derived from what is delivered, so that the same source sent again is recognised. The
same command again continues what was interrupted (`producers.checkpoint.Step`).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from producers import checkpoint as checkpoints
from producers import quarantine
from producers.checkpoint import Checkpoint, Decision, Opened, Step
from producers.decision import Conflict, Known, OnConflict, ScopeHeldError, decide
from producers.delivery import Delivery
from producers.errors import (
    SourceChangedError,
    SourceError,
    SpoolLostError,
    TooManyRejectedError,
)
from producers.identity import delivery_id_of, ingest_id
from producers.ingest_report import IngestReport, report_of
from producers.limits import BILLING_STEP_BYTES, billed_bytes
from producers.packing import Record
from producers.progress import Progress
from producers.promises import Promises
from producers.reading import NO_LIMITS, Limits, Reader, envelope_of
from producers.receipts import Receipts, billed
from producers.sources import Source
from producers.spool import Spool, get_records, get_rejected
from schemas import codec
from schemas.current_state import read_current
from schemas.lake import ObjectStore
from schemas.scopes import holders

MAX_REJECTED = 0.5
"""The share of rows that may be unusable, by default: beyond it, it is the wrong file."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about an ingest.

    Attributes:
        on_conflict: what to do where another export or file holds a scope.
        resend: send everything, whatever the lake knows.
        max_rejected: the share of rows that may be unusable, 0 to 1.
    """

    on_conflict: OnConflict = OnConflict.REFUSE
    resend: bool = False
    max_rejected: float = MAX_REJECTED


DEFAULTS = Options()


class Ingest:
    """Delivers one source.

    Args:
        source: what to deliver.
        delivery: where records go.
        store: the lake: quarantine, receipts and the current state.
        spool: where records wait until they are sent; of this ingest alone.
        now: microseconds since 1970 UTC.
        options: what a person said.
        progress: called now and then.
        reached: called at the beginning of each step and after each safe point within one.
    """

    def __init__(
        self,
        source: Source,
        delivery: Delivery,
        store: ObjectStore,
        spool: Spool,
        now: Callable[[], int],
        *,
        options: Options = DEFAULTS,
        progress: Callable[[Progress], None] = lambda progress: None,
        reached: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._source = source
        self._delivery = delivery
        self._store = store
        self._spool = spool
        self._now = now
        self._options = options
        self._progress = progress
        self._reached = reached
        self._receipts = Receipts(store)
        self._id = ingest_id(source)
        self._promises = Promises(source, self._receipts)
        self._at = Checkpoint()

    def run(self, limits: Limits = NO_LIMITS) -> IngestReport | None:
        """Deliver the source, from where an earlier call left it.

        Returns:
            The report at its end; None where the limits stopped it: call again, in any process.

        Raises:
            SourceError: the source is not readable, changed, or may not be delivered; nothing of
                it was sent.
            DeliveryError: the stream refused records; nothing more was completed.
        """
        found = self._found()
        if found is not None and found.step in (Step.COMPLETE, Step.RECEIPT):
            # What was interrupted is said as it was decided then; the command at hand comes after.
            self._at = found
            report = self._finish()
            if self._source.mode == "append" or (self._options.resend and self._is_held()):
                return report
            found = None
        self._at = found or self._remembered() or Checkpoint(self._source.name)
        if self._at.step is Step.READ and not self._read(limits):
            return None
        try:
            # Until its scopes are claimed, another ingest may take one: then it is decided anew.
            while self._at.step is Step.DECIDE:
                if not self._up_to_the_claim(limits):
                    return None
        except SpoolLostError:
            self._spool.clear()
            raise
        return self._finish()

    def _is_held(self) -> bool:
        """Tell whether what was interrupted holds its scopes: nothing took one meanwhile."""
        return all(
            opened.delivery_id
            in {c.delivery_id for c in holders(self._receipts.claims(opened.scope))}
            for opened in self._at.deliveries
            if opened.totals.events
        )

    def _finish(self) -> IngestReport:
        """Say what was decided, and leave nothing behind."""
        for step, work in (
            (Step.COMPLETE, self._complete),
            (Step.RECEIPT, self._write_receipts),
        ):
            if self._at.step is step:
                self._reached(step)
                work()
        self._reached(Step.CLEAR)
        self._spool.clear()
        return report_of(self._at)

    def _up_to_the_claim(self, limits: Limits) -> bool:
        """Decide, send, keep what was rejected, and claim; tell whether it came so far."""
        self._reached(Step.DECIDE)
        self._decide_or_refuse()
        if not self._send(limits):
            return False
        self._reached(Step.QUARANTINE)
        self._quarantine()
        self._reached(Step.CLAIM)
        self._claim()
        return True

    def _read(self, limits: Limits) -> bool:
        self._reached(Step.READ)
        reader = Reader(
            self._source,
            self._spool,
            self._at,
            lambda scope: delivery_id_of(self._id, scope),
            progress=self._progress,
            safe_point=lambda: self._reached("safe-point"),
        )
        if not reader.read(limits):
            return False
        try:
            self._source.check()
        except SourceChangedError:
            self._spool.clear()
            raise
        if not self._at.rows:
            self._spool.clear()
            raise SourceError(f"{self._source.name}: has no rows; is the export complete?")
        self._go_on(Step.DECIDE)
        return True

    def _found(self) -> Checkpoint | None:
        """Return where an earlier process left the ingest.

        Until a scope is claimed, others may have come in between: it is decided anew. After its
        end only the spool was left to be emptied: the command at hand is another one.
        """
        found = checkpoints.load(self._spool)
        if found is not None and found.step is Step.CLEAR:
            self._spool.clear()
            return None
        if found is not None and found.step in (Step.SEND, Step.QUARANTINE, Step.CLAIM):
            found.step = Step.DECIDE
        return found

    def _remembered(self) -> Checkpoint | None:
        """Return what an earlier ingest of the same source counted, so that it need not be read.

        Only where nothing of it has to be sent again: every delivery left its receipt.
        """
        if self._options.resend or self._source.mode == "append":
            return None
        found = checkpoints.recall(self._store, self._id)
        if found is None:
            return None
        known = (
            self._receipts.get(d.scope, self._source.mode, d.delivery_id) for d in found.deliveries
        )
        return found if all(receipt and receipt.is_sent for receipt in known) else None

    def _go_on(self, step: Step) -> None:
        self._at.step = step
        checkpoints.save(self._spool, self._at)

    def _decide_or_refuse(self) -> None:
        """Decide; a refusal is written down, and what was read is kept for a person's word."""
        try:
            self._check_rejected()
            self._decide()
        except SourceError as error:
            self._at.refused = str(error)
            checkpoints.save(self._spool, self._at)
            raise
        self._at.refused = ""
        self._go_on(Step.SEND)

    def _decide(self) -> None:
        readable = {
            (day.delivery_id, day.billing_period, day.charge_date): day.events
            for day in (read_current(self._store) if self._source.mode == "overwrite" else ())
        }
        decisions, conflicts = [], []
        for opened in self._at.deliveries:
            found = decide(
                self._source,
                opened,
                _billed(opened),
                self._known(opened, readable),
                on_conflict=self._options.on_conflict,
                resend=self._options.resend,
                now=self._now(),
            )
            if isinstance(found, Conflict):
                conflicts.append(found)
            else:
                decisions.append(found)
        if conflicts:
            raise ScopeHeldError(conflicts)
        for opened, decision in zip(self._at.deliveries, decisions, strict=True):
            if opened.decision is not None:
                self._reconcile(opened, opened.decision, decision)
            opened.decision = decision

    def _reconcile(self, opened: Opened, before: Decision, now: Decision) -> None:
        """Make a new decision fit what was sent under the old one.

        A day whose rows may be out is this delivery's own: held elsewhere too, it would show twice
        once rows of it are retried. A day that is sent only now begins the sending anew.
        """
        if self._at.record_chunks:
            now.held = {day: by for day, by in now.held.items() if not before.sends(day)}
        days = (f"{d['billing_period']}/{d['charge_date']}" for d in opened.totals.days())
        if any(now.sends(day) and not before.sends(day) for day in days):
            self._at.sent_chunks = 0

    def _known(self, opened: Opened, readable: dict[tuple[str, str, str], int]) -> Known:
        receipt = self._receipts.get(opened.scope, self._source.mode, opened.delivery_id)
        if self._source.mode == "append":
            return Known(receipt, (), None)
        claims = self._receipts.claims(opened.scope)
        return Known(receipt, claims, self._receipts.appended(opened.scope), readable)

    def _check_rejected(self) -> None:
        rejected = sum(d.totals.rejected_rows for d in self._at.deliveries)
        share = rejected / self._at.rows
        if share <= self._options.max_rejected:
            return
        reasons: Counter[str] = Counter()
        for delivery in self._at.deliveries:
            for group in delivery.totals.rejected():
                reasons[group["reason"]] += group["rows"]
        said = ", ".join(f"{rows:,} {reason}" for reason, rows in reasons.most_common(3))
        raise TooManyRejectedError(
            f"{self._source.name}: {rejected:,} of {self._at.rows:,} rows cannot become events "
            f"({said}), {share:.0%} where {self._options.max_rejected:.0%} are allowed; nothing "
            "was sent: mend the file, or say --max-rejected 100%"
        )

    def _send(self, limits: Limits) -> bool:
        """Send chunk by chunk; every event is accepted before any delivery is closed."""
        at = self._at
        self._reached(Step.SEND)
        decisions = {d.delivery_id: d.decision for d in at.deliveries}
        self._delivery.sent = at.sent
        if not any(d is not None and d.send for d in decisions.values()):
            at.sent_chunks = len(at.record_chunks)
        while at.sent_chunks < len(at.record_chunks):
            for record in get_records(self._spool, at.record_chunks[at.sent_chunks]):
                decision = decisions[record.delivery_id]
                if decision is not None and decision.sends(record.partition):
                    average = record.json_bytes // record.events
                    each = max(billed_bytes(average), BILLING_STEP_BYTES)
                    at.json_billed += record.events * each
                    self._delivery.put(record)
            self._delivery.flush()
            at.sent_chunks += 1
            done = at.sent_chunks / len(at.record_chunks)
            self._progress(Progress(at.step, at.sent.events, done))
            checkpoints.save(self._spool, at)
            self._reached("sent-chunk")
            if limits.out_of_time():
                return False
        self._go_on(Step.QUARANTINE)
        return True

    def _quarantine(self) -> None:
        asserted = {
            d.delivery_id
            for d in self._at.deliveries
            if d.decision and d.decision.asserted and not self._promises.standing(d, d.decision)
        }
        for number, name in enumerate(self._at.rejected_chunks):
            lines: dict[str, list[bytes]] = {delivery_id: [] for delivery_id in sorted(asserted)}
            for delivery_id, line in get_rejected(self._spool, name):
                if delivery_id in lines:
                    lines[delivery_id].append(line)
            for delivery_id, of_it in lines.items():
                quarantine.write(self._store, delivery_id, number, of_it)
        for delivery_id in sorted(asserted):
            # An earlier ingest of it may have been read in more chunks: only now may they go.
            quarantine.forget_after(self._store, delivery_id, len(self._at.rejected_chunks))
        self._go_on(Step.CLAIM)

    def _claim(self) -> None:
        """Tell other ingests that the scopes are taken; step back where another was faster.

        Each writes before it looks: of two at once, at least one sees the other.
        """
        if self._source.mode == "append":
            self._go_on(Step.COMPLETE)
            return
        claimed = []
        for opened, decision in self._asserted():
            before = self._receipts.get(opened.scope, self._source.mode, opened.delivery_id)
            receipt = self._promises.receipt(opened, decision, self._at.rows)
            self._receipts.write(receipt)
            claimed.append((opened, decision, receipt, before))
        if any(self._is_overtaken(opened, decision) for opened, decision, _, _ in claimed):
            for _, _, receipt, before in claimed:
                self._receipts.restore(receipt, before)
            self._go_on(Step.DECIDE)
        else:
            self._go_on(Step.COMPLETE)

    def _is_overtaken(self, opened: Opened, decision: Decision) -> bool:
        if not opened.totals.events:
            return False
        known = {opened.delivery_id, *decision.beside}
        return any(
            claim.delivery_id not in known
            and claim.dataset_instance != self._source.dataset_instance
            for claim in holders(self._receipts.claims(opened.scope))
        )

    def _asserted(self) -> list[tuple[Opened, Decision]]:
        return [
            (opened, opened.decision)
            for opened in self._at.deliveries
            if opened.decision is not None and opened.decision.asserted
        ]

    def _complete(self) -> None:
        self._delivery.sent = self._at.sent
        for opened in self._at.deliveries:
            if opened.decision is not None and opened.decision.asserted:
                completed = self._promises.completed(opened, opened.decision, self._at.rows)
                envelope = envelope_of(self._source, opened.delivery_id)
                message = codec.encode_completed(envelope, completed)
                self._delivery.put(Record(codec.compress(message), "deliveries", 0, 0))
        self._delivery.flush()
        self._go_on(Step.RECEIPT)

    def _write_receipts(self) -> None:
        for opened, decision in self._asserted():
            receipt = self._promises.receipt(opened, decision, self._at.rows)
            self._receipts.write(receipt.accepted(self._now()))
        if self._source.mode == "overwrite":
            checkpoints.remember(self._store, self._id, self._at)
        self._go_on(Step.CLEAR)


def _billed(opened: Opened) -> dict[str, str]:
    return billed(opened.totals.days())
