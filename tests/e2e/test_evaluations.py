"""Evaluations on the whole stack: added, active for new events, back again, removed."""

from datetime import date
from pathlib import Path

import pytest

from infra.ingesting import run_ingest
from infra.wiring import start
from rules import default_policy, parse_policy
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.sources import file_source
from transforms.baseline_store import index
from transforms.context import context_from
from transforms.errors import EvaluationError
from transforms.evaluations import registered
from transforms.jobs_handler import Job, run_baseline, run_settle

SUMS = (
    "select evaluation, policy_version, count(*) as n, sum(billed_cost) as billed from charges "
    "group by 1, 2"
)
STRICT = '"spike_min_percent":50'


def strict_policy(lake: Lake, tmp_path: Path) -> Path:
    """Write the shipped policy with another percentage."""
    store = lake.started()[1].store
    (document,) = (store.get(info.key) for info in store.list("state/policies/"))
    file = tmp_path / "strict.json"
    file.write_bytes(document.replace(STRICT.encode(), STRICT.replace("50", "10").encode()))
    return file


def test_new_events_go_by_the_active_one_and_going_back_shows_what_was(
    lake: Lake, finops: Finops, tmp_path: Path
) -> None:
    """Activation is one object; each view says what it said."""
    lake.ingest(samples.REAL)
    (before,) = lake.rows(SUMS)
    policy = strict_policy(lake, tmp_path)
    added = finops("evaluations", "add", "strict", "--rules", "v1", "--policy", str(policy))
    assert added.code == 0, added.err
    assert "next: finops replay --evaluation strict" in added.out
    assert lake.rows(SUMS) == [before]

    refused = finops("evaluations", "activate", "strict")
    assert refused.code == 1
    assert "v1 stays active" in refused.out
    assert lake.rows(SUMS) == [before]

    assert finops("evaluations", "activate", "strict", "--behind").code == 0
    assert lake.rows(SUMS) == []
    lake.ingest(samples.GENERATED)
    (strict,) = lake.rows(SUMS)
    assert strict["evaluation"] == "strict"
    assert strict["policy_version"] != before["policy_version"]
    listed = finops("deliveries", "--json").json
    assert len({d["delivery_id"] for d in listed}) == len(listed)

    assert finops("evaluations", "activate", "v1", "--behind").code == 0
    assert lake.rows(SUMS) == [before]
    assert finops("evaluations", "activate", "strict", "--behind").code == 0
    assert lake.rows(SUMS) == [strict]


def test_rows_of_every_evaluation_are_seen_after_a_restart(
    lake: Lake, finops: Finops, tmp_path: Path
) -> None:
    """The tables live in memory and are made anew: they show what lies in the lake."""
    lake.ingest(samples.REAL)
    policy = strict_policy(lake, tmp_path)
    finops("evaluations", "add", "strict", "--rules", "v1", "--policy", str(policy))
    finops("evaluations", "activate", "strict", "--behind")
    lake.ingest(samples.GENERATED)
    lake.stop()
    found = lake.rows("select distinct evaluation from charges_stored order by 1")
    assert [row["evaluation"] for row in found] == ["strict", "v1"]


def test_a_removed_evaluation_leaves_nothing_and_raw_stays(lake: Lake, finops: Finops) -> None:
    """Its rows, state and name go; an active one is refused; the name may be used anew."""
    lake.ingest(samples.REAL)
    finops("evaluations", "add", "other", "--rules", "v1")
    finops("evaluations", "activate", "other", "--behind")
    lake.ingest(samples.GENERATED)
    refused = finops("evaluations", "remove", "other", "--yes")
    assert (refused.code, "activate another first" in refused.err) == (2, True)
    finops("evaluations", "activate", "v1", "--behind")
    raw = lake.objects("raw")
    assert finops("evaluations", "remove", "other", "--yes").code == 0
    platform = lake.started()[1]
    assert [d.name for d in registered(platform.store)] == ["v1"]
    assert lake.objects("processed/charges/evaluation=other") == []
    assert lake.objects("raw") == raw
    assert b'"other"' not in lake.started()[1].store.get("state/current/current.json")
    again = finops("evaluations", "remove", "other", "--yes")
    assert (again.code, "no evaluation 'other'" in again.err) == (2, True)


def test_wrong_names_and_rules_are_one_sentence(lake: Lake, finops: Finops) -> None:
    """Exit code 2, and what to do."""
    lake.ingest(samples.REAL)
    for arguments, said in (
        (("add", "x", "--rules", "v99"), "no rule set 'v99'; use one of"),
        (("add", "X/..", "--rules", "v1"), "cannot name an evaluation"),
        (("activate", "nope"), "no evaluation 'nope' is registered; there is: v1"),
        (("add", "v1", "--rules", "v1", "--baselines", "z"), "give the new one a name of its own"),
    ):
        answer = finops("evaluations", *arguments)
        assert answer.code == 2, arguments
        assert said in answer.err
        assert len(answer.err.splitlines()) == 1
    answer = finops("audit", "--evaluation", "nope")
    assert (answer.code, "no evaluation 'nope'" in answer.err) == (2, True)


def test_a_policy_by_parameter_judges_the_rows_of_its_own_evaluation(
    tmp_path: Path,
) -> None:
    """As on AWS: the template's parameters name the stack's evaluation, rule set and policy."""
    policy = default_policy().to_bytes().replace(STRICT.encode(), b'"spike_min_percent":10')
    parameters = {"Evaluations": "mine,v1", "Rules": "v1", "Policy": policy.decode()}
    with start(tmp_path / "finops", parameters=parameters) as (_, platform):
        run_ingest(platform, file_source(samples.REAL))
        (row,) = platform.query.rows(SUMS)
    assert (row["evaluation"], row["n"]) == ("mine", len(samples.rows(samples.REAL)))
    assert row["policy_version"] == parse_policy(policy).version != default_policy().version


def test_a_parameter_that_was_changed_in_place_is_told_by_settle(lake: Lake) -> None:
    """What arrived is settled all the same; then the job fails with a sentence."""
    lake.ingest(samples.REAL)
    platform = lake.started()[1]
    policy = default_policy().to_bytes().replace(STRICT.encode(), b'"spike_min_percent":10')
    changed = context_from({"FINOPS_POLICY": policy.decode()})
    platform.store.delete("state/current/current.json")
    job = Job(platform.query, platform.store, changed, platform.clock.now)
    with pytest.raises(EvaluationError, match="give the new one a name of its own"):
        run_settle(job, 5)
    assert platform.store.get("state/current/current.json")


def test_a_new_baseline_is_appended_to_every_series_in_use(lake: Lake, finops: Finops) -> None:
    """Two evaluations, two series; an evaluation that shares one adds none."""
    lake.ingest(samples.REAL)
    platform = lake.started()[1]
    finops("evaluations", "add", "other", "--rules", "v1", "--baselines", "own")
    finops("evaluations", "add", "third", "--rules", "v1")
    job = Job(platform.query, platform.store, platform.first, platform.clock.now)
    answer = run_baseline(job, date(2024, 9, 28))
    assert answer["appended_to"] == ["own", "v1"]
    assert run_baseline(job, date(2024, 9, 28))["published"] is None
    assert index(platform.store, "own") == index(platform.store, "v1")


def test_v1_and_v2_side_by_side(lake: Lake, finops: Finops) -> None:
    """Both audits are clean; activate, ask, go back, ask: each view says what it said."""
    lake.ingest(samples.REAL)
    asked = (
        "select evaluation, rules_version, tag_status, count(*) as n, sum(billed_cost) as billed, "
        "sum(cardinality(findings)) as findings from charges group by 1, 2, 3 order by 3"
    )
    said_v1 = lake.rows(asked)
    assert {row["rules_version"] for row in said_v1} == {"v1"}
    assert finops("evaluations", "add", "v2", "--rules", "v2").code == 0
    replayed = finops("replay", "--evaluation", "v2")
    assert replayed.code == 0, replayed.out
    assert "verified: v2 holds" in replayed.out
    for name in ("v1", "v2"):
        report = finops("audit", "--evaluation", name, "--json").json
        assert (report["clean"], report["evaluation"]) == (True, name)
    assert lake.rows(asked) == said_v1

    state = lake.started()[1].store.get("state/current/current.json")
    assert finops("evaluations", "activate", "v2").code == 0
    said_v2 = lake.rows(asked)
    assert {row["evaluation"] for row in said_v2} == {"v2"}
    assert sum(row["n"] for row in said_v2) == sum(row["n"] for row in said_v1)
    assert sum(row["billed"] for row in said_v2) == sum(row["billed"] for row in said_v1)
    assert said_v2 != said_v1
    assert finops("evaluations", "activate", "v1").code == 0
    assert lake.rows(asked) == said_v1
    assert finops("evaluations", "activate", "v2").code == 0
    assert lake.rows(asked) == said_v2
    # What each scope is read from was written down for both before; activating changed none of it.
    assert lake.started()[1].store.get("state/current/current.json") == state
    for name in ("v1", "v2"):
        assert finops("audit", "--evaluation", name).code == 0
