"""`finops local fault …` against a running server, and without one."""

from infra.local.firehose import Kind
from tests.e2e.conftest import Finops, Lake


def test_a_fault_is_set_listed_and_cleared(lake: Lake, finops: Finops) -> None:
    """Each command says what is on now; `--json` says it for scripts."""
    aws, platform = lake.started()
    stream = platform.names.stream
    said = finops(
        *("local", "fault", "throttle", "--rate", "30%", "--duration", "5m"),
        *("--seed", "7", "--stream", stream),
    )
    assert said.code == 0, said.err
    assert "30%" in said.out
    assert "300 s" in said.out
    assert "finops local fault clear 1" in said.out
    added = finops("local", "fault", "duplicate", "--what", "objects", "--json").json
    assert (added["id"], added["rate"], added["variant"]) == (2, 1.0, "objects")
    listed = finops("local", "fault", "list", "--json").json
    assert [(f["kind"], f["seed"], f["stream"]) for f in listed[:1]] == [("throttle", 7, stream)]
    assert "until cleared" in finops("local", "fault", "list").out
    assert "ended 1 fault" in finops("local", "fault", "clear", "1").out
    assert [active.id for active in aws.faults.on()] == [2]
    assert finops("local", "fault", "clear", "--all", "--json").json[0]["id"] == 2
    assert "no fault is on" in finops("local", "fault", "list").out


def test_every_kind_has_a_command(lake: Lake, finops: Finops) -> None:
    """What this process cannot do is refused, with the next step."""
    aws, _ = lake.started()
    for kind in Kind:
        said = finops("local", "fault", kind.value, "--rate", "0", "--after", "1h")
        assert said.code == (2 if kind is Kind.CRASH else 0), said.err
        if kind is Kind.CRASH:
            assert "finops local up" in said.err
    assert [active.fault.kind for active in aws.faults.on()] == [k for k in Kind if k != Kind.CRASH]


WRONG = (
    (("throttle", "--rate", "130%"), "not a share"),
    (("throttle", "--duration", "soon"), "such as 5s, 500ms, 2m or 1h"),
    (("throttle", "--stream", "none"), "the streams are: "),
    (("fail-after-accept", "--reply", "maybe"), "'error', 'drop'"),
    (("clear",), "--all"),
    (("clear", "1", "--all"), "--all"),
    (("clear", "9"), "finops local fault list"),
)


def test_wrong_words_are_refused(lake: Lake, finops: Finops) -> None:
    """With one line and exit code 2."""
    lake.started()
    for arguments, words in WRONG:
        said = finops("local", "fault", *arguments)
        assert (said.code, said.out) == (2, "")
        assert words in said.err
        assert said.err.count("\n") == 1


def test_without_a_server_the_next_step_is_to_start_one(finops: Finops) -> None:
    """A fault acts on what runs."""
    for arguments in (("list",), ("throttle",), ("clear", "--all")):
        said = finops("local", "fault", *arguments)
        assert said.code == 2
        assert "start one with: finops local up" in said.err
