"""A series over its life: nightly, backwards, looked at, damaged and put right."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from infra.cli import run
from rules import Baseline, BaselineError
from tests import samples
from tests.e2e.conftest import Answer, Finops, Lake, command_of
from transforms.baseline_builder import build_baseline
from transforms.baseline_documents import document_key
from transforms.baseline_history import Built, build_history
from transforms.baseline_store import BaselineReader, index, index_key, publish
from transforms.context import default_context
from transforms.jobs_handler import Job, run_baseline

NIGHT = date(2024, 9, 29)
MOMENT = datetime(2024, 9, 29, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with the real sample; each test writes a series of its own."""
    lake = Lake(tmp_path_factory.mktemp("baselines") / "finops")
    lake.ingest(samples.REAL)
    yield lake
    lake.stop()


@pytest.fixture
def baseline(shared: Lake, capsys: pytest.CaptureFixture[str]) -> Finops:
    """Run `finops baseline …` over the shared lake."""
    command = command_of(shared, capsys)

    def of(*arguments: str) -> Answer:
        return command("baseline", *arguments)

    return of


def test_a_second_night_appends(shared: Lake) -> None:
    """The job publishes one baseline a night; asked again it changes nothing."""
    platform = shared.started()[1]
    job = Job(platform.query, platform.store, default_context(), now=lambda: MOMENT)
    first = run_baseline(job, NIGHT)
    second = run_baseline(job, date(2024, 9, 30))
    again = run_baseline(job, date(2024, 9, 30))
    lines = index(platform.store, "v1")
    assert [p.version for p in lines] == [first["published"], second["published"]]
    assert [p.effective_from for p in lines] == ["2024-09-30", "2024-10-01"]
    assert again["published"] is None


def test_a_series_over_history_is_what_the_nights_would_have_built(shared: Lake) -> None:
    """Day by day, oldest first, resumable, and never from a day after its own."""
    platform = shared.started()[1]
    query, store = platform.query, platform.store
    first, last = date(2024, 9, 20), date(2024, 9, 26)
    seen: list[Built] = []
    stopped = build_history(query, store, "past", first, date(2024, 9, 22), 2, seen.append)
    assert stopped == seen
    built = build_history(query, store, "past", first, last, step_days=2)
    assert [b.outcome for b in built] == ["already there"] * 2 + ["published"] * 2
    assert [b.day for b in built] == ["2024-09-20", "2024-09-22", "2024-09-24", "2024-09-26"]
    for one in built:
        night = build_baseline(query, date.fromisoformat(one.day))
        assert night is not None
        assert night.version == one.version
        assert all(stats.first_seen <= night.through < one.day for stats in night.entries.values())
    before = store.get(index_key("past"))
    assert all(
        b.outcome == "already there" for b in build_history(query, store, "past", first, last, 2)
    )
    assert store.get(index_key("past")) == before
    with pytest.raises(BaselineError, match="only grows at its end"):
        build_history(query, store, "past", date(2024, 9, 21), last)


def test_build_show_explain(shared: Lake, baseline: Finops) -> None:
    """What is built is listed, and every number is told with where it comes from."""
    assert baseline("show", "cli").code == 1
    nothing = baseline("explain", "cli")
    assert (nothing.code, "run: finops baseline build cli" in nothing.out) == (1, True)
    built = baseline("build", "cli", "--from", "2024-09-26", "--to", "2024-09-28", "--json").json
    assert [b["outcome"] for b in built] == ["published"] * 3
    shown = baseline("show", "cli", "--json")
    assert (shown.code, [e["version"] for e in shown.json]) == (0, [b["version"] for b in built])
    assert [e["served_until"] for e in shown.json] == ["2024-09-28", "2024-09-29", None]
    assert "3 baselines in series cli" in baseline("show", "cli").out
    assert "cli" in baseline("list").out

    store = shared.started()[1].store
    served = BaselineReader(store, "cli").series().for_date("2024-09-28")
    assert served is not None
    known = baseline("explain", "cli", "--date", "2024-09-28", "--json").json
    assert known["baseline"]["version"] == served.version == built[1]["version"]
    assert len(known["series"]) == len(served.entries)
    costs = [Decimal(s["trailing_cost"]) for s in known["series"]]
    assert costs == sorted(costs, reverse=True)
    one = known["series"][0]
    filters = ("--account", one["sub_account_id"], "--service", one["service_name"],
               "--resource", one["resource_or_sku"])  # fmt: skip
    text = baseline("explain", "cli", "--date", "2024-09-28", *filters).out
    for words in (f"baseline {served.version}", "the median of", "the sum of the last 30 days",
                  "serves charge dates from 2024-09-28 on, up to the day before 2024-09-29",
                  one["first_seen"]):  # fmt: skip
        assert words in text
    assert baseline("explain", "cli", "--account", "nobody").code == 1
    early = baseline("explain", "cli", "--date", "2024-01-01")
    assert (early.code, "from 2024-09-27 on" in early.out) == (1, True)


def test_the_default_is_the_night_after_the_newest_charge(baseline: Finops) -> None:
    """A plain build publishes once; again it says what is there."""
    newest = max(
        r["ChargePeriodStart"][:10]
        for r in samples.rows(samples.REAL)
        if r["ChargeCategory"] == "Usage"
    )
    (built,) = baseline("build", "plain", "--json").json
    assert (
        date.fromisoformat(built["day"]).toordinal() == date.fromisoformat(newest).toordinal() + 1
    )
    (again,) = baseline("build", "plain", "--json").json
    assert again["outcome"] == "already there"
    assert again["version"] == built["version"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--date", "2999-01-01"), "has not come yet"),
        (("--to", "2024-09-28"), "give --date, or --from and --to"),
        (("--replace", "--date", "2024-09-28"), "give --date, or --from and --to"),
        (("--from", "2024-09-28", "--to", "2024-09-01"), "is after"),
        (("--date", "soon"), "--date"),
    ],
)
def test_wrong_days(baseline: Finops, arguments: tuple[str, ...], words: str) -> None:
    """Refused before anything is written, with what to give instead."""
    answer = baseline("build", "wrong", *arguments)
    assert (answer.code, words in answer.err) == (2, True)
    assert baseline("show", "wrong").code == 1


def test_a_name_that_is_none_and_no_usage(baseline: Finops) -> None:
    """A series' name is safe in a path; days before all history have the answer no."""
    assert baseline("build", "../x").code == 2
    early = baseline("build", "early", "--date", "2020-01-01")
    assert (early.code, "no usage is old enough" in early.err) == (1, True)


def test_a_damaged_series_is_put_right(shared: Lake, baseline: Finops) -> None:
    """The same content comes back under its name; other content under a new one, and it is said."""
    store = shared.started()[1].store
    baseline("build", "broken", "--from", "2024-09-26", "--to", "2024-09-28")
    first, second, third = index(store, "broken")
    store.put(document_key("broken", first.version), b"{}")
    other = Baseline("2024-09-25", second.effective_from, {})
    store.put(document_key("broken", other.version), other.to_bytes())
    lines = store.get(index_key("broken")).replace(second.version.encode(), other.version.encode())
    store.put(index_key("broken"), lines)
    store.delete(document_key("broken", other.version))
    shown = baseline("show", "broken")
    assert (shown.code, "build broken --replace" in shown.err) == (1, True)
    repaired = baseline("build", "broken", "--replace", "--json").json
    assert [r["outcome"] for r in repaired] == ["restored", "replaced", "fine"]
    assert [p.version for p in index(store, "broken")] == [
        p.version for p in (first, second, third)
    ]
    assert baseline("show", "broken").code == 0
    assert "fine" in baseline("build", "broken", "--replace").out


def test_a_damaged_index_is_put_right(shared: Lake, baseline: Finops) -> None:
    """From its readable lines and from the documents; where two claim a date, a person decides."""
    store = shared.started()[1].store
    baseline("build", "torn", "--from", "2024-09-26", "--to", "2024-09-28")
    lines = index(store, "torn")
    body = store.get(index_key("torn"))
    store.put(index_key("torn"), body[:40] + body[60:])
    assert (baseline("show", "torn").code, baseline("build", "torn", "--replace").code) == (2, 0)
    assert index(store, "torn") == lines
    twin = Baseline("2024-09-25", lines[1].effective_from, {})
    store.put(document_key("torn", twin.version), twin.to_bytes())
    store.put(index_key("torn"), b"{")
    undecided = baseline("build", "torn", "--replace")
    assert (undecided.code, "both take effect on 2024-09-28" in undecided.err) == (2, True)


def test_a_baseline_from_the_future_is_dropped(shared: Lake, baseline: Finops) -> None:
    """It serves nothing yet but keeps the nights out; --replace takes it away."""
    store = shared.started()[1].store
    publish(store, "future", Baseline("2998-12-30", "2999-01-01", {}))
    assert "from the future" in baseline("show", "future").out
    blocked = baseline("build", "future", "--date", "2024-09-28")
    assert (blocked.code, "already serves charge dates from 2999-01-01" in blocked.err) == (2, True)
    assert baseline("build", "future", "--replace", "--json").json[0]["outcome"] == "dropped"
    assert baseline("build", "future", "--date", "2024-09-28").code == 0


def test_nothing_to_build_from_any_more(shared: Lake, baseline: Finops) -> None:
    """Document and charges are gone: nothing is changed, and that is said."""
    store = shared.started()[1].store
    lost = Baseline("2020-01-01", "2020-01-04", {})
    publish(store, "lost", lost)
    store.delete(document_key("lost", lost.version))
    answer = baseline("build", "lost", "--replace")
    assert (answer.code, "no charges through 2020-01-01" in answer.err) == (2, True)
    assert len(index(store, "lost")) == 1


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb shows how it is called."""
    for verb in ("build", "show", "explain", "list"):
        assert run(["baseline", verb, "--help"]) == 0
        assert f"finops baseline {verb}" in capsys.readouterr().out
