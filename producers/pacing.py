"""Sending below a stream's quota: how long to wait before the next call. Pure.

Each of the three rates (records, requests, bytes) is a line in time: a call moves it on by what it
uses, and the next call waits until the line that is furthest ahead has been caught up with. Over
any stretch of time no more is sent than the rate allows, plus one call.
"""

from producers.limits import Quota


class Pace:
    """Spaces calls out.

    Args:
        quota: the most to send in a second.
    """

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Return how many seconds to wait before a call.

        Args:
            now: seconds on a clock that never goes back.
        """
        return max(0.0, self._free_at - now)

    def used(self, records: int, size: int, now: float) -> None:
        """Count one call of `records` records and `size` bytes, made at `now`."""
        quota = self.quota
        takes = max(1 / quota.requests, records / quota.records, size / quota.bytes)
        self._free_at = max(self._free_at, now) + takes
