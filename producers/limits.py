"""The limits that shape a record and a call, each with its source."""

from dataclasses import dataclass

BILLING_STEP_BYTES = 5_120
"""Firehose bills each record rounded up to 5 KiB (Amazon Data Firehose quotas and pricing)."""

MAX_RECORDS_PER_CALL = 500
"""PutRecordBatch, Records (botocore service model; 501 are refused)."""

MAX_BYTES_PER_CALL = 4 * 1024 * 1024
"""PutRecordBatch, sum of raw data (Amazon Data Firehose quotas; one byte more is refused)."""

MAX_RECORD_BYTES = 1_024_000
"""Record.Data before base64 (botocore service model)."""

ANSWER_PER_WIRE_BYTE = 25
"""Bytes of answer (base64 of the rows' JSON) one wire byte may cause. A Lambda buffer of 0.2 MB
then answers with 5 MB, below Lambda's 6 MB; the buffer size is only a hint (ADR 0001)."""

TARGET_WIRE_BYTES = 4 * BILLING_STEP_BYTES
"""The compressed size a full record aims at, from below. One such record on top of a full 0.2 MB
buffer still answers with less than 6 MB."""

VERDICT_BYTES = 640
"""Room for what the transform adds to a row: versions, verdict columns, two or three findings."""

MAX_PARTITIONS_PER_INTERVAL = 300
"""Distinct partitions sent within one buffer interval; Firehose keeps 500 active by default."""

BUFFER_SECONDS = 300.0
"""Firehose's buffer interval in the template: after it a partition's buffer is free again."""


def billed_bytes(size: int) -> int:
    """Return what Firehose bills for a record of `size` bytes."""
    return -(-size // BILLING_STEP_BYTES) * BILLING_STEP_BYTES


@dataclass(frozen=True, slots=True)
class Quota:
    """What one stream takes in a second, PutRecord and PutRecordBatch together."""

    records: int
    requests: int
    bytes: int

    def times(self, factor: float) -> "Quota":
        """Return a share or a multiple; the three scale together when a quota is raised."""
        scaled = (round(n * factor) for n in (self.records, self.requests, self.bytes))
        return Quota(*(max(1, n) for n in scaled))


LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
LARGE_REGION_QUOTA = Quota(records=500_000, requests=2_000, bytes=5 * 1024 * 1024)
OTHER_REGION_QUOTA = Quota(records=100_000, requests=1_000, bytes=1024 * 1024)
"""Direct PUT, soft limits a stream and second (Amazon Data Firehose quotas)."""

PACE = 0.8
"""The share of a quota that a producer uses: AWS advises to alarm at 80 %."""


def quota_of(region: str) -> Quota:
    """Return a stream's default quota in a region."""
    return LARGE_REGION_QUOTA if region in LARGE_REGIONS else OTHER_REGION_QUOTA
