"""A stream goes on with another configuration, and so does what it has buffered (§4.2)."""

from typing import Any

import pytest

from infra.local.firehose import Choices, DeliveryError
from tests.infra.firehose.brokenstore import BrokenStore
from tests.infra.firehose.setups import (
    ROLE,
    STREAM,
    World,
    configuration,
    data_of,
    ok,
    plain,
)


def update(world: World, settings: dict[str, Any]) -> None:
    """Update the stream of the world."""
    world.firehose.update_destination(STREAM, settings)


@pytest.mark.fact("update-buffered")
def test_nothing_that_waits_is_lost_by_an_update() -> None:
    """Records before the Lambda, in partitions, in the backup and error lines go on, once."""
    world = World(plain(), lambda r: None if data_of(r) == b"bad" else ok(r, k="a"))
    world.put(b"processed", b"bad")
    world.tick(60)
    world.put(b"incoming")
    update(
        world,
        plain(
            Prefix="other/",
            ErrorOutputPrefix="bad/!{firehose:error-output-type}/",
            S3BackupConfiguration={
                "BucketARN": "arn:aws:s3:::lake",
                "RoleARN": ROLE,
                "Prefix": "copy/",
            },
        ),
    )
    world.flush()
    assert b"".join(world.bodies("other/")) == b"processedincoming"
    assert b"".join(world.bodies("copy/")) == b"processedbadincoming"
    assert len(world.bodies("bad/processing-failed/")) == 1
    keys = world.keys()
    assert {key.split("/")[0] for key in keys} == {"other", "copy", "bad"}
    assert all("/events-2-" in key for key in keys)


def test_an_update_does_not_begin_the_interval_again() -> None:
    """What has waited goes on waiting from when it began."""
    world = World(plain(BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": 100}))
    world.put(b"x")
    world.tick(60)
    world.tick(60)
    update(world, plain(BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": 61}))
    world.tick(0)
    assert world.keys("main/") == []
    world.tick(1)
    assert world.bodies("main/") == [b"x"]


def test_what_could_not_be_stored_goes_by_the_update() -> None:
    """A closed batch follows the prefix, too."""
    store = BrokenStore("main/")
    world = World(plain(), store=store)
    world.put(b"x")
    with pytest.raises(DeliveryError):
        world.flush()
    update(world, plain(Prefix="other/"))
    world.flush()
    assert world.bodies("other/") == [b"x"]


def test_partitions_are_found_again() -> None:
    """Records are partitioned by the new prefix; one without its key is an error then."""
    keys: dict[bytes, dict[str, Any]] = {b"a": {"k": "1", "other": "2"}, b"b": {"k": "1"}}
    world = World(
        configuration(DataFormatConversionConfiguration=None),
        lambda r: ok(r, **keys[data_of(r)]),
        choices=Choices(raw_data="source"),
    )
    world.put(b"a", b"b")
    world.tick(60)
    update(
        world,
        configuration(
            DataFormatConversionConfiguration=None,
            Prefix="main/other=!{partitionKeyFromLambda:other}/",
        ),
    )
    world.flush()
    assert world.bodies("main/other=2/") == [b"a"]
    (line,) = world.error_lines("metadata-extraction-failed")
    assert line["rawData"] == "Yg=="


def test_a_backup_can_be_begun_by_an_update() -> None:
    """It has what is processed from then on."""
    world = World(plain(S3BackupMode=None, S3BackupConfiguration=None))
    world.put(b"before")
    world.tick(60)
    world.put(b"after")
    update(world, plain())
    world.flush()
    assert world.bodies("raw/") == [b"after"]
