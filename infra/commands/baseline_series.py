"""Which baseline series a command means."""

from infra.errors import UsageError
from infra.wiring import Platform
from schemas.lake import is_evaluation
from transforms.evaluations import find
from transforms.state import active_evaluation


def named_series(platform: Platform, given: str | None) -> str:
    """Return the series that was given, or that of the active evaluation.

    Raises:
        UsageError: the text cannot name one.
    """
    name = given
    if name is None:
        active = active_evaluation(platform.store)
        definition = find(platform.store, active)
        name = definition.baselines if definition else active
    if not is_evaluation(name):
        raise UsageError(
            f"{name[:40]!r} cannot name a series: use up to 32 lower-case letters, digits, - and _"
        )
    return name
