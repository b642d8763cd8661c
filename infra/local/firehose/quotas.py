"""Throughput quotas of a stream (§1.1), by Region; told as metrics, and not enforced."""

from dataclasses import dataclass

from infra.local.firehose.limits import MIB


@dataclass(frozen=True, slots=True)
class Quota:
    """What `PutRecord` and `PutRecordBatch` may take together in a second."""

    records: int
    requests: int
    bytes: int


LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
_LARGE = Quota(records=500_000, requests=2_000, bytes=5 * MIB)
_SMALL = Quota(records=100_000, requests=1_000, bytes=1 * MIB)


def quota(region: str) -> Quota:
    """Return the default quota of a stream in a Region."""
    return _LARGE if region in LARGE_REGIONS else _SMALL
