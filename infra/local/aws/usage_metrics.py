"""What Lambda and SQS tell CloudWatch of themselves, and what functions tell in their logs."""

from collections.abc import Callable, Iterable

from moto.sqs.models import sqs_backends

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudwatch.emf import metrics_in
from infra.local.aws.cloudwatch.series import Key, MetricStore
from infra.local.aws.cloudwatch_backend import minute_of
from infra.local.clock import Clock


class FunctionMetrics:
    """Counts invocations, and what they print as metrics.

    Args:
        store: where metrics are.
        clock: time; on one that stands still, invocations take none.
    """

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def begin(self) -> Callable[[str, bool], None]:
        """Begin an invocation; call what is returned when it is over.

        Its arguments: the function's name, whether it failed.
        """
        begun = self._clock.monotonic()

        def end(name: str, failed: bool) -> None:
            minute = minute_of(self._clock.now())
            duration = (self._clock.monotonic() - begun) * 1_000
            values = (
                ("Invocations", 1, "Count"),
                ("Errors", int(failed), "Count"),
                ("Throttles", 0, "Count"),
                ("Duration", duration, "Milliseconds"),
            )
            own = {"FunctionName": name}
            self._store.record(
                minute, ((Key.of("AWS/Lambda", n, own), v, unit) for n, v, unit in values)
            )

        return end

    def logged(self, lines: Iterable[str]) -> None:
        """Count the metrics in lines that have come to a log.

        They are of the minute they come in: a function's own clock is the machine's.
        """
        self._store.record(minute_of(self._clock.now()), metrics_in(lines))


class QueueMetrics:
    """Tells, each minute, how many messages wait in each queue that is in use."""

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._minute = 0
        self._waiting: set[str] = set()

    def tick(self) -> None:
        """Look, if a minute has passed; an empty queue is told of once, then no more."""
        minute = minute_of(self._clock.now())
        if minute <= self._minute:
            return
        self._minute = minute
        queues = sqs_backends[ACCOUNT][REGION].queues
        for name, queue in list(queues.items()):
            depth = len(queue.messages)
            if not depth and name not in self._waiting:
                continue
            (self._waiting.add if depth else self._waiting.discard)(name)
            key = Key.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name})
            self._store.record(minute, [(key, depth, "Count")])
