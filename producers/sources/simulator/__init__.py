"""A simulated AWS bill: seeded, hour by hour, with spikes and decoys made to happen in it."""

from producers.sources.simulator.hourly_export import HourlyExport
from producers.sources.simulator.simulator import Simulator

__all__ = ["HourlyExport", "Simulator"]
