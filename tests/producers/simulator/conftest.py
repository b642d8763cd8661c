"""The shared simulation, made and added up once: a month takes a few seconds."""

import pytest

from producers.sources.simulator import Simulator
from producers.sources.simulator.ground_truth import Truth, ground_truth
from tests.producers.simulator import september
from tests.producers.simulator.september import Month


@pytest.fixture(scope="session")
def world() -> Simulator:
    return september.simulator()


@pytest.fixture(scope="session")
def truths(world: Simulator) -> tuple[Truth, ...]:
    return ground_truth(world)


@pytest.fixture(scope="session")
def month(world: Simulator) -> Month:
    return september.month(world)
