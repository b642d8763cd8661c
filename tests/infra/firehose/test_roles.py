"""What a stream does where one of its roles may not do its part (§2.3, §8.1)."""

import pytest

from infra.local.firehose import DeliveryError
from tests.infra.firehose.setups import FUNCTION, ROLE, World, data_of, plain, processing

DENIED = "Access was denied. Ensure that the access policy allows access to the Lambda function."
OTHER = "arn:aws:iam::000000000000:role/invoker"


class Roles:
    """Denies actions while they are named, and keeps what was asked for."""

    def __init__(self, *denied: str) -> None:
        self.deny = set(denied)
        self.asked: set[tuple[str, str, str]] = set()

    def __call__(self, role: str, action: str, resource: str) -> str | None:
        """Say no to what is denied."""
        self.asked.add((role, action, resource))
        return f"{action} is denied" if action in self.deny else None


def lines(world: World) -> list[tuple[str, str, int]]:
    """Return code, message and attempts of the error lines."""
    found = world.error_lines("processing-failed")
    return [(e["errorCode"], e["errorMessage"], e["attemptsMade"]) for e in found]


@pytest.mark.fact("lambda-access-denied")
def test_a_role_that_may_not_invoke_fails_the_batch_until_it_may() -> None:
    """The function sees nothing; records that arrive after the repair succeed."""
    roles = Roles("lambda:InvokeFunction")
    world = World(plain(), denied=roles)
    world.put(b"x", b"y")
    world.flush()
    assert lines(world) == [("Lambda.InvokeAccessDenied", DENIED, 3)] * 2
    assert world.function.events == []
    assert world.bodies("raw/") == [b"xy"]
    roles.deny.clear()
    world.put(b"later")
    world.flush()
    assert world.bodies("main/") == [b"later"]


@pytest.mark.fact("destination-denied")
def test_a_role_that_may_not_store_keeps_everything_waiting() -> None:
    """Main output, error output and backup; all of it is stored once it may."""
    roles = Roles("s3:PutObject")
    fails = {b"bad": "ProcessingFailed"}
    world = World(plain(), denied=roles)
    world.function.answer = lambda r: {
        "recordId": r["recordId"],
        "result": fails.get(data_of(r), "Ok"),
        "data": r["data"],
    }
    world.put(b"good", b"bad")
    with pytest.raises(DeliveryError, match=r"S3\.AccessDenied: s3:PutObject is denied"):
        world.flush()
    assert world.keys() == []
    roles.deny.clear()
    world.flush()
    assert world.bodies("main/") == [b"good"]
    assert world.bodies("raw/") == [b"goodbad"]
    assert len(lines(world)) == 1


@pytest.mark.parametrize(("given", "role"), [("", ROLE), (OTHER, OTHER)])
def test_each_part_is_asked_for_by_its_own_role(given: str, role: str) -> None:
    """The Lambda's own role where it has one, the destination's where it has none."""
    roles = Roles()
    world = World(plain(ProcessingConfiguration=processing(RoleArn=given)), denied=roles)
    world.put(b"x")
    world.flush()
    assert {(role, "lambda:InvokeFunction", FUNCTION)} == {
        asked for asked in roles.asked if asked[1].startswith("lambda:")
    }
    stored = {f"arn:aws:s3:::lake/{key}" for key in world.keys("")}
    assert {(ROLE, "s3:PutObject", resource) for resource in stored} == {
        asked for asked in roles.asked if asked[1].startswith("s3:")
    }
