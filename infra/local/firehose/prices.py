"""What Firehose bills for, and the rates; exact decimals.

The rates are those of AWS's public Price List for us-east-2; us-east-1 is the same price group by
every secondary quote, and unconfirmed (§1.3). A GB is 2^30 bytes and a TB 1,024 GB: the records are
rounded to 5 KB of 1,024 bytes each, and AWS's worked examples go on from there by 1,024.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact

REGION = "us-east-2"
"""Whose rates these are."""
STEP_BYTES = 5 * 1024
"""Each record is rounded up to this on its own, whatever call it came in."""
GB = 2**30
TB = 1024 * GB

INGESTION = ((500 * TB, Decimal("0.029")), (2000 * TB, Decimal("0.025")), (None, Decimal("0.020")))
"""Dollars a GB of Direct PUT, up to so many bytes a month."""
CONVERSION = Decimal("0.018")
"""Dollars a GB ingested into a stream that converts."""
PARTITIONING = Decimal("0.020")
"""Dollars a GB ingested into a stream that partitions dynamically."""
THOUSAND_OBJECTS = Decimal("0.005")
"""Dollars for 1,000 objects that dynamic partitioning stores in the main output."""

BESIDE = (
    "delivery to S3 and the raw backup cost nothing in Firehose",
    "S3 requests and storage, Lambda, Glue, KMS and CloudWatch Logs are billed by those services",
    "error and backup objects are counted, not priced: whether they are billed is unconfirmed",
)

_EXACT = Context(prec=80, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a stream is billed for.

    Attributes:
        ingested: bytes, each record rounded up.
        converted: of these, what came while the stream converted formats.
        partitioned: of these, what came while the stream partitioned.
        objects: those that dynamic partitioning stored in the main output.
    """

    ingested: int = 0
    converted: int = 0
    partitioned: int = 0
    objects: int = 0


def rounded(size: int) -> int:
    """Return the bytes that are billed for a record; an empty one counts as one step."""
    return (-(-size // STEP_BYTES) or 1) * STEP_BYTES


def bill(usage: Usage) -> dict[str, Decimal]:
    """Return the dollars of each meter, as if all of it were of one month and of one stream."""
    return {
        "ingestion": _ingestion(usage.ingested),
        "conversion": _gigabytes(usage.converted, CONVERSION),
        "partitioning": _gigabytes(usage.partitioned, PARTITIONING),
        "objects": _EXACT.divide(_EXACT.multiply(usage.objects, THOUSAND_OBJECTS), 1000),
    }


def total(amounts: dict[str, Decimal]) -> Decimal:
    """Return the sum, exactly."""
    result = Decimal(0)
    for amount in amounts.values():
        result = _EXACT.add(result, amount)
    return result


def _ingestion(size: int) -> Decimal:
    amount, below = Decimal(0), 0
    for bound, rate in INGESTION:
        above = size if bound is None else min(size, bound)
        amount = _EXACT.add(amount, _gigabytes(max(above - below, 0), rate))
        below = above
    return amount


def _gigabytes(size: int, rate: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.multiply(size, rate), GB)
