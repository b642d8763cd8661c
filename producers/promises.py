"""What an ingest promises at its end: the completions of its deliveries, and their receipts."""

from producers.checkpoint import Decision, Opened
from producers.identity import ingest_id
from producers.receipts import Receipt, Receipts
from producers.sources import Source
from schemas.events import Day, DeliveryCompleted, Rejected


class Promises:
    """Makes the completions of one source's deliveries.

    Args:
        source: what is delivered.
        receipts: what was promised before.
    """

    def __init__(self, source: Source, receipts: Receipts) -> None:
        self._source = source
        self._receipts = receipts

    def completed(self, opened: Opened, decision: Decision, rows: int) -> DeliveryCompleted:
        """Return what a delivery says at its end.

        Args:
            opened: its scope and totals.
            decision: what was decided about it.
            rows: the rows of the whole source.
        """
        known = self.standing(opened, decision)
        if known is not None:
            # What was promised then, retried rows included, is what is said again.
            return DeliveryCompleted(
                **{
                    **known.completed,
                    "asserted_at": decision.asserted_at,
                    "replaces_scope": decision.replaces_scope,
                }
            )
        days = _held(opened.totals.days(), decision.held)
        rejected = opened.totals.rejected()
        return DeliveryCompleted(
            ordinal=rows,
            source_name=self._source.name,
            dataset_instance=self._source.dataset_instance,
            replaces_scope=decision.replaces_scope,
            settings=dict(self._source.settings),
            billing_account_id=opened.scope.billing_account_id,
            scope_period=opened.scope.billing_period,
            asserted_at=decision.asserted_at,
            events=opened.totals.events,
            days=days,
            rejected=rejected,
            revision=self._revision(opened, days, rejected),
        )

    def _revision(self, opened: Opened, days: list[Day], rejected: list[Rejected]) -> int:
        """Return a higher revision where the same delivery promised something else before.

        Sent again, it may hold days itself that an earlier delivery held for it.
        """
        known = self._receipts.get(opened.scope, self._source.mode, opened.delivery_id)
        if known is None or not known.is_sent:
            return 0
        before = known.completed
        same = (before["days"], before["rejected"]) == (days, rejected)
        return before["revision"] + (0 if same else 1)

    def standing(self, opened: Opened, decision: Decision) -> Receipt | None:
        """Return the receipt of a delivery whose promise stands, quarantine included.

        It does where nothing is sent again, and where rows were retried since: reading the source
        anew would promise less, and put the retried rows back into quarantine.
        """
        known = self._receipts.get(opened.scope, self._source.mode, opened.delivery_id)
        if known is not None and (decision.already or known.completed["revision"]):
            return known
        return None

    def receipt(self, opened: Opened, decision: Decision, rows: int) -> Receipt:
        """Return the receipt of what it says, not accepted yet."""
        completed = self.completed(opened, decision, rows)
        before = self._receipts.get(opened.scope, self._source.mode, opened.delivery_id)
        if before is not None:
            return before.claiming(completed)
        return Receipt(
            delivery_id=opened.delivery_id,
            ingest_id=ingest_id(self._source),
            source=self._source.kind,
            mode=self._source.mode,
            mapper_version=self._source.mapper_version,
            sent_at=0,
            completed=completed,
        )


def _held(days: list[Day], held: dict[str, str]) -> list[Day]:
    for day in days:
        day["held_by"] = held.get(f"{day['billing_period']}/{day['charge_date']}")
    return days
