"""Replay on a platform: the evaluation looked up, the tables widened, the state settled after."""

from collections.abc import Callable

from infra.evaluations.projection import project
from infra.local.firehose.conversion_configuration import parse_output_format
from infra.local.firehose.settings import Parquet
from infra.replay.run import Progress, Replay, Report
from infra.replay.selection import Selection
from infra.wiring import Platform
from transforms.evaluations import load_context
from transforms.settle import settle


def replay(
    platform: Platform,
    evaluation: str,
    selection: Selection,
    *,
    again: bool = False,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Report:
    """Replay a part of the log under an evaluation, and settle.

    Raises:
        FinopsError: the evaluation is not registered, or something it names is missing.
    """
    platform.activate_first_evaluation()
    context = load_context(platform.store, evaluation)
    project(platform.client("glue"), platform.names.database, evaluation)
    # What the stream still holds is in raw/ and in processed/ before either is looked at.
    platform.flush()
    job = Replay(
        platform.store,
        platform.query,
        context,
        selection,
        stream_parquet(platform),
        again=again,
        progress=progress,
    )
    report = job.run()
    settle(platform.query, platform.store, platform.clock.now())
    return report


def stream_parquet(platform: Platform) -> Parquet:
    """Ask the stream how it writes its files: the replayed ones are to look the same."""
    firehose = platform.client("firehose")
    stream = firehose.describe_delivery_stream(DeliveryStreamName=platform.names.stream)
    (destination,) = stream["DeliveryStreamDescription"]["Destinations"]
    s3 = destination["ExtendedS3DestinationDescription"]
    return parse_output_format(s3["DataFormatConversionConfiguration"])
