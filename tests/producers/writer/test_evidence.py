"""The judge of killed producers finds what must not be."""

from pathlib import Path

import pytest

from tests.producers.writer.evidence import Evidence, Fate, Life, Window
from tests.producers.writer.on_disk import OnDisk

NAMES = frozenset({"a", "b"})
NONE: frozenset[str] = frozenset()


def told(folder: Path, *lines: str) -> Life:
    path = folder / "lines.txt"
    path.write_text("".join(line + "\n" for line in lines) + "answers + torn")
    return Life.read(path)


def disk(torn: int = 0, position: int = 9) -> OnDisk:
    return OnDisk((), torn, position)


def test_a_refused_and_an_unknown_record_may_be_sent_again(tmp_path: Path) -> None:
    """Within a life, and by the next one where it waits; each is counted by what was known."""
    evidence = Evidence()
    first = told(
        *(tmp_path, "begins 0", "safe 10", "sends a b", "answers + slow-down"),
        *("sends b", "fails", "sends b", "dies accepted"),
    )
    evidence.judge(0, first, NONE, frozenset({"b"}), disk())
    second = told(tmp_path, "begins 10", "sends b", "answers +", "closed")
    evidence.judge(1, second, frozenset({"b"}), NONE, disk())
    assert evidence.twice == {Fate.REFUSED: 1, Fate.CALL_FAILED: 1, Fate.NO_ANSWER: 1}
    assert evidence.records == 2
    # It said that it died after an answer, and no answer was left unmarked.
    assert evidence.problems == ["life 0: died after an answer, and nothing was unmarked"]


def test_an_answer_that_was_not_written_down_makes_its_record_unknown(tmp_path: Path) -> None:
    """Only what the last call brought: all others were marked before the next call."""
    evidence = Evidence()
    first = told(tmp_path, "begins 0", "sends a b", "answers + +", "dies mark")
    windows = evidence.judge(0, first, frozenset({"a"}), NAMES, disk())
    assert windows == {Window.AFTER_PUT, Window.DRAIN}
    second = told(tmp_path, "begins 10", "sends a b", "answers + +", "sends a", "answers +")
    evidence.judge(1, second, NAMES, NONE, disk())
    assert evidence.twice == {Fate.UNMARKED: 2, Fate.ACCEPTED: 1}
    assert evidence.problems == ["life 1: sends a, which was accepted"]


def test_what_was_marked_is_not_sent_again(tmp_path: Path) -> None:
    """A later life that sends what did not wait when it began is found."""
    evidence = Evidence()
    evidence.judge(0, told(tmp_path, "sends a", "fails", "sends a", "answers +", "sends b"),
                   NONE, frozenset({"b"}), disk())  # fmt: skip
    evidence.judge(1, told(tmp_path, "sends a"), frozenset({"b"}), NONE, disk())
    assert evidence.problems == [
        "life 1: sends a, which an earlier one had marked",
        "life 1: sends a, which was accepted",
    ]


@pytest.mark.parametrize(
    ("lines", "position", "problem"),
    [
        (("begins 9",), 9, "life 1: begins at 9, 10 events were acknowledged"),
        (("begins 10", "safe 20"), 18, "life 1: 20 were acknowledged, the disk knows 18"),
        (("begins 10", "dies spool-write"), 9, "life 1: died while it wrote, and nothing is torn"),
    ],
)
def test_acknowledged_events_are_on_disk(
    tmp_path: Path, lines: tuple[str, ...], position: int, problem: str
) -> None:
    """The next life begins behind them, and a death within a write leaves a tear."""
    evidence = Evidence()
    evidence.judge(0, told(tmp_path, "begins 0", "safe 10"), NONE, NONE, disk())
    evidence.judge(1, told(tmp_path, *lines), NONE, NONE, disk(position=position))
    assert evidence.problems == [problem]


@pytest.mark.parametrize(
    ("lines", "before", "after", "torn", "windows"),
    [
        (("dies send",), NONE, NAMES, 0, {Window.BEFORE_PUT}),
        (("dies send",), NAMES, NAMES, 0, {Window.BEFORE_PUT, Window.DRAIN}),
        (("dies spool-write",), NONE, NAMES, 40, {Window.SPOOL_WRITE}),
        (("sends a", "answers +", "dies accepted"), NONE, NAMES, 0, {Window.AFTER_PUT}),
        (("sends a", "answers +", "dies mark"), NONE, NAMES, 0, {Window.AFTER_PUT}),
        (("sends a", "answers +", "dies mark"), NONE, NONE, 0, {Window.ELSEWHERE}),
        (("sends a",), NAMES, NAMES, 0, {Window.DRAIN}),
        (("sends a", "answers +"), NONE, NONE, 0, {Window.ELSEWHERE}),
        (("closed",), NAMES, NAMES, 0, set()),
    ],
)
def test_the_windows(
    tmp_path: Path,
    lines: tuple[str, ...],
    before: frozenset[str],
    after: frozenset[str],
    torn: int,
    windows: set[Window],
) -> None:
    """Where a life ended is told by what it left."""
    evidence = Evidence()
    assert evidence.judge(0, told(tmp_path, *lines), before, after, disk(torn)) == windows
    assert not evidence.problems
