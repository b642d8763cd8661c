"""What dead producers wrote down, judged: may a record be sent twice, and where did they die?"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.producers.writer.on_disk import OnDisk


class Fate(StrEnum):
    """What a process knew of a record when it went on, or died."""

    ACCEPTED = "accepted"
    REFUSED = "reported as failed"
    CALL_FAILED = "the call failed as a whole"
    NO_ANSWER = "killed during the call"
    UNMARKED = "accepted, killed before it was written down"


class Window(StrEnum):
    """Where a producer was killed."""

    BEFORE_PUT = "before put"
    AFTER_PUT = "after put, before checkpoint"
    SPOOL_WRITE = "during spool write"
    DRAIN = "during drain"
    ELSEWHERE = "elsewhere"


@dataclass(slots=True)
class Life:
    """What one process did."""

    first: int | None = None
    """The number of its first event; None when it died before it had begun."""
    safe: int = 0
    died_at: str = ""
    closed: bool = False
    open_call: tuple[str, ...] = ()
    """Records of a call that it did not live to see answered."""
    last_accepted: tuple[str, ...] = ()
    """Records that its last call brought to the stream, where nothing was sent afterwards."""
    calls: list[tuple[tuple[str, ...], list[Fate]]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Life":
        """Read its lines; one that it died in is none."""
        life = cls()
        for word, *rest in _whole_lines(path):
            if word == "begins":
                life.first = int(rest[0])
            elif word == "safe":
                life.safe = int(rest[0])
            elif word == "dies":
                life.died_at = rest[0]
            elif word == "closed":
                life.closed = True
            elif word == "sends":
                life.open_call, life.last_accepted = tuple(rest), ()
            elif word == "fails":
                life._answered([Fate.CALL_FAILED] * len(life.open_call))
            elif word == "answers":
                life._answered([Fate.ACCEPTED if w == "+" else Fate.REFUSED for w in rest])
        if life.open_call:
            life.calls.append((life.open_call, [Fate.NO_ANSWER] * len(life.open_call)))
        return life

    def _answered(self, fates: list[Fate]) -> None:
        assert len(fates) == len(self.open_call), "an answer for each record"
        self.calls.append((self.open_call, fates))
        of = zip(self.open_call, fates, strict=True)
        self.last_accepted = tuple(name for name, fate in of if fate is Fate.ACCEPTED)
        self.open_call = ()


class Evidence:
    """All lives of one producer, in order.

    Attributes:
        twice: how many records were sent once more, by what was known of them.
        windows: in how many lives each window was hit.
        problems: what must not be, in words.
        safe: every event below it was acknowledged.
    """

    def __init__(self) -> None:
        self.twice: Counter[Fate] = Counter()
        self.windows: Counter[Window] = Counter()
        self.problems: list[str] = []
        self.safe = 0
        self.records = 0
        self._fates: dict[str, Fate] = {}

    def judge(
        self, number: int, life: Life, before: Collection[str], after: Collection[str], disk: OnDisk
    ) -> set[Window]:
        """Take one life into account.

        Args:
            number: which life.
            life: its lines.
            before: names of the records that waited in the spool when it began.
            after: the same when it had ended.
            disk: the spool when it had ended.

        Returns:
            The windows that it was killed in; none for one that came to its end.
        """
        self._judge_calls(number, life, before, after)
        if life.first is not None and life.first < self.safe:
            self._wrong(number, f"begins at {life.first}, {self.safe} events were acknowledged")
        self.safe = max(self.safe, life.safe)
        if disk.position + 1 < self.safe:
            self._wrong(number, f"{self.safe} were acknowledged, the disk knows {disk.position}")
        if life.closed:
            return set()
        windows = self._windows(number, life, before, after, disk)
        self.windows.update(windows)
        return windows

    def _judge_calls(
        self, number: int, life: Life, before: Collection[str], after: Collection[str]
    ) -> None:
        mine: set[str] = set()
        for names, fates in life.calls:
            for name in names:
                fate = self._fates.get(name)
                if fate is None:
                    self.records += 1
                else:
                    if name not in mine and name not in before:
                        self._wrong(number, f"sends {name}, which an earlier one had marked")
                    if fate is Fate.ACCEPTED:
                        self._wrong(number, f"sends {name}, which was accepted")
                    self.twice[fate] += 1
                mine.add(name)
            self._fates.update(zip(names, fates, strict=True))
        # Only what the last call brought may still wait: it died between answer and mark.
        for name in life.last_accepted:
            if not life.closed and name in after:
                self._fates[name] = Fate.UNMARKED

    def _windows(
        self,
        number: int,
        life: Life,
        before: Collection[str],
        after: Collection[str],
        disk: OnDisk,
    ) -> set[Window]:
        """Say where it died, by what it left; what it said itself must agree."""
        unmarked = [name for name in life.last_accepted if name in after]
        found: set[Window] = set()
        if life.died_at == "send":
            found.add(Window.BEFORE_PUT)
            touched = set(after)
        elif life.died_at == "accepted":
            if not unmarked:
                self._wrong(number, "died after an answer, and nothing was unmarked")
            touched = set(unmarked)
        else:
            # A mark may also say that a delivery's end was kept: then no record is unmarked.
            touched = {*life.open_call, *unmarked}
        if unmarked:
            found.add(Window.AFTER_PUT)
        if disk.torn:
            found.add(Window.SPOOL_WRITE)
        elif life.died_at == "spool-write":
            self._wrong(number, "died while it wrote, and nothing is torn")
        if touched & set(before):
            found.add(Window.DRAIN)
        return found or {Window.ELSEWHERE}

    def _wrong(self, number: int, what: str) -> None:
        self.problems.append(f"life {number}: {what}")


def _whole_lines(path: Path) -> Iterator[list[str]]:
    if not path.exists():
        return
    # What follows the last line's end was torn off by the kill.
    for line in path.read_text().split("\n")[:-1]:
        yield line.split(" ")
