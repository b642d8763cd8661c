"""One server for all tests here, and moto as new for each of them."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from moto.core.base_backend import BackendDict
from moto.s3.models import S3Backend, s3_backends

from infra.local.aws.firehose_control import register_firehose
from infra.local.clock import ManualClock
from tests.infra.athena.lakes import ROWS, write_items
from tests.infra.firehose.setups import FUNCTION, echo
from tests.infra.firehose.setups import Function as ScriptedFunction
from tests.infra.local_aws_backends.athena_lake import AthenaLake
from tests.infra.local_aws_backends.endpoints import Endpoint, bucket_store, endpoint
from tests.infra.local_aws_backends.firehose_setup import START, FirehoseSetup


@pytest.fixture(scope="session")
def served() -> Iterator[Endpoint]:
    """Serve moto on loopback."""
    with endpoint() as running:
        yield running


@pytest.fixture(autouse=True)
def moto_as_new() -> Iterator[None]:
    """Begin with moto's own S3, and forget everything that a test left in moto."""
    s3_backends.clear()
    s3_backends.bucket_accounts.clear()
    s3_backends.backend = S3Backend
    yield
    BackendDict.reset()


@pytest.fixture
def athena(served: Endpoint, tmp_path: Path) -> AthenaLake:
    """Return an endpoint over a lake of two days."""
    write_items(tmp_path, "2026-01-31", ROWS[:1])
    write_items(tmp_path, "2026-02-01", ROWS[1:])
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.json").write_text('{"day":"2026-02-01","events":2}\n')
    return AthenaLake(served, tmp_path)


@pytest.fixture
def firehose(served: Endpoint) -> FirehoseSetup:
    """Return an endpoint whose only function echoes its records."""
    function = ScriptedFunction(echo)
    functions = {FUNCTION: function}
    clock = ManualClock(START)
    control = register_firehose(
        bucket_store=bucket_store, invoke=functions.__getitem__, clock=clock, random=Random(1)
    )
    return FirehoseSetup(served, control, clock, function)
