"""Evaluations on the whole stack: added, active for new events, back again, removed."""

from pathlib import Path

from tests import samples
from tests.e2e.conftest import Finops, Lake
from transforms.evaluations import registered

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
