"""A Firehose client that waits for nobody and tries once: each trouble reaches the producer."""

from typing import Any

import boto3
from botocore.config import Config

from infra.local.aws.account import ACCESS_KEY, REGION, SECRET_KEY


def firehose_client(endpoint_url: str, read_timeout: float) -> Any:
    """Return a client of an endpoint on loopback; close it.

    Args:
        endpoint_url: where Firehose, or something in front of it, listens.
        read_timeout: how many seconds it waits for a reply.
    """
    return boto3.client(
        "firehose",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            proxies={},
            connect_timeout=5.0,
            read_timeout=read_timeout,
            retries={"total_max_attempts": 1, "mode": "standard"},
        ),
    )
