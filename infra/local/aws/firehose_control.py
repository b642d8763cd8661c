"""The embedded Firehose to the platform: put in moto's place, ticked, flushed and closed."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from moto.firehose.models import firehose_backends

from infra.local.aws.firehose_backend import LocalFirehoseBackend
from infra.local.aws.firehose_log import error_log
from infra.local.aws.firehose_metrics import FirehoseMetrics
from infra.local.aws.firehose_streams import FirehoseWiring
from infra.local.aws.iam.access import OPEN, Access
from infra.local.clock import Clock
from infra.local.firehose import (
    DEFAULT_CHOICES,
    Choices,
    DeliveryError,
    FaultBoard,
    Faults,
    Journals,
    LocalFirehose,
    no_journal,
)
from infra.local.firehose.errors import ResourceNotFoundError
from infra.local.firehose.meter import Meter
from infra.local.firehose.metrics import Metrics
from infra.local.firehose.telemetry import Telemetry
from schemas.lake import ObjectStore


class FirehoseControl:
    """The platform's hooks: what the clock and the chaos of the real service do by themselves."""

    def __init__(self, wiring: FirehoseWiring) -> None:
        self._wiring = wiring

    def tick(self) -> None:
        """Deliver, in every stream, what is due by the clock.

        Raises:
            DeliveryError: an object could not be stored; all other streams were served.
        """
        try:
            self._each(lambda name, service: service.tick())
        finally:
            self.meter.save()

    def flush(self) -> None:
        """Deliver everything of every stream, as if all intervals had passed.

        Raises:
            DeliveryError: an object could not be stored; all other streams were served.
        """
        try:
            self._each(lambda name, service: service.flush(name))
        finally:
            self.meter.save()

    def close(self) -> None:
        """Forget the streams; what they have buffered is in their journals only: flush first."""
        for _, _, backend in list(firehose_backends.iter_backends()):
            if isinstance(backend, LocalFirehoseBackend):
                for stream in backend.hosted.values():
                    stream.service.close()
        firehose_backends.clear()
        self.meter.save()
        FirehoseMetrics.metrics = None

    @property
    def meter(self) -> Meter:
        """What would be billed for the streams."""
        return self._wiring.telemetry.meter

    @property
    def metrics(self) -> Metrics:
        """What the streams tell of themselves."""
        return self._wiring.telemetry.metrics

    @property
    def faults(self) -> FaultBoard:
        """What goes wrong on purpose, in all streams, present and future."""
        return self._wiring.faults

    def inject(self, faults: Faults) -> None:
        """Replace the faults without an end, of all streams, present and future."""
        self._wiring.faults.always = faults

    def names(self) -> list[str]:
        """Return the names of the streams."""
        backends = [backend for _, _, backend in firehose_backends.iter_backends()]
        return [
            name for b in backends if isinstance(b, LocalFirehoseBackend) for name in list(b.hosted)
        ]

    def _each(self, act: Callable[[str, LocalFirehose], None]) -> None:
        problems: list[DeliveryError] = []
        for _, _, backend in list(firehose_backends.iter_backends()):
            if not isinstance(backend, LocalFirehoseBackend):
                continue
            for name, stream in list(backend.hosted.items()):
                try:
                    act(name, stream.service)
                except DeliveryError as error:
                    problems.append(error)
                except ResourceNotFoundError:
                    continue  # deleted meanwhile
        if problems:
            raise problems[0]


def register_firehose(
    *,
    bucket_store: Callable[[str], ObjectStore],
    invoke: Callable[[str], Callable[[str], str]],
    clock: Clock,
    random: Random,
    journals: Journals = no_journal,
    choices: Choices = DEFAULT_CHOICES,
    crash: Callable[[], None] | None = None,
    meter: Meter | None = None,
    access: Access = OPEN,
) -> FirehoseControl:
    """Put this Firehose in moto's place, for the whole process; earlier streams are forgotten.

    Args:
        bucket_store: A bucket's name to its objects; raises `KeyError` when there is none.
        invoke: A function's ARN, as in `LambdaArn`, to the function: request JSON text to response
            JSON text, raising on a function error. Raises `KeyError` when there is none.
        clock: What arrival times and buffer intervals go by.
        random: Makes every id and order; a seed repeats them.
        journals: Where accepted records are kept until they are delivered.
        choices: What to do where nobody knows what the service does, and quotas.
        crash: ends the process, where it may be asked to crash.
        meter: counts what would be billed; by default one that forgets.
        access: What the roles of streams allow.
    """
    faults = FaultBoard(clock.now, sleep=clock.sleep, crash=crash)
    report = error_log(_describe, clock, access)
    telemetry = Telemetry(clock.now, meter=meter, report=report)
    FirehoseMetrics.metrics = telemetry.metrics
    wiring = FirehoseWiring(
        bucket_store, invoke, clock, random, faults, telemetry, journals, choices, access
    )

    class Backend(LocalFirehoseBackend):
        pass

    Backend.wiring = wiring
    firehose_backends.clear()
    firehose_backends.backend = Backend
    return FirehoseControl(wiring)


def _describe(arn: str) -> Mapping[str, Any] | None:
    """Return a stream's description by its ARN, None when it is gone."""
    _, _, _, region, account, name = arn.split(":", 5)
    backend, name = firehose_backends[account][region], name.partition("/")[2]
    if not isinstance(backend, LocalFirehoseBackend) or name not in backend.hosted:
        return None
    return backend.describe(name)
