"""When an hour's charges arrive: most at once, now and then a series hours later.

Billing systems meter a service in a region at a time, so a whole series is late together. Rows
covered by commitments never are: what a commitment left unused is known in its hour.
"""

from collections.abc import Sequence

from producers.sources.simulator.clock import DAY
from producers.sources.simulator.noise import key, mix
from producers.sources.simulator.plan import Kind, Plan
from producers.sources.simulator.world import Series

DELAYS = (2, 5, 26)
"""Hours a late series takes."""
_ONE_IN = 4
"""Every so many hours, one series is late."""
_LATE_DAY_FROM = 12


class Lateness:
    """Says how late each series' hour is; every hour stands on its own."""

    def __init__(self, seed: int, plan: Plan) -> None:
        self._key = key(seed, "late")
        self._candidates: Sequence[Series] = [s for s in plan.series if not s.committed]
        held_up = plan.one(Kind.LATE_DAY)
        self._held_up = plan.series[held_up.series]
        self._held_up_hours = range(held_up.start + _LATE_DAY_FROM, held_up.start + DAY)

    def late(self, hour: int) -> dict[int, int]:
        """Return the series of which an hour's charges are late, and by how many hours."""
        late: dict[int, int] = {}
        chance = mix(self._key ^ hour)
        if chance % _ONE_IN == 0:
            series = self._candidates[(chance >> 8) % len(self._candidates)]
            late[series.index] = DELAYS[(chance >> 40) % len(DELAYS)]
        if hour in self._held_up_hours:
            late[self._held_up.index] = DELAYS[-1]
        return late
