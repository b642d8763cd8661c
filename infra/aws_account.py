"""A stack deployed in a real AWS account, as the commands use it."""

import time
from typing import Any

from infra.errors import UsageError
from infra.wiring import Names, Platform
from producers.limits import BUFFER_SECONDS


def open_stack(stack: str) -> Platform:
    """Find a stack's parts by its outputs, with the machine's ordinary AWS credentials.

    `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL` and an instance's role count as in any SDK.

    Raises:
        UsageError: no credentials, no region, or no such stack.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session()
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        raise UsageError(
            f"stack {stack!r}: {error}; name the deployed stack with --stack, or allow "
            "cloudformation:DescribeStacks"
        ) from error
    except BotoCoreError as error:
        raise UsageError(
            f"AWS cannot be reached: {error}; set AWS_REGION and credentials"
        ) from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found["Stacks"][0].get("Outputs", ())}
    try:
        names = Names.of(outputs)
    except KeyError as error:
        raise UsageError(
            f"stack {stack!r} has no output {error}; name the stack of infra/aws/template.yaml"
        ) from error

    def client(service: str, **settings: Any) -> Any:
        return session.client(service, **settings)

    return Platform(
        names,
        client,
        flush=lambda: None,
        lake=f"s3://{names.bucket}/",
        region=session.region_name or "",
        next_interval=lambda: time.sleep(BUFFER_SECONDS),
        put_client=lambda: session.client("firehose", config=put_config()),
    )


def put_config() -> Any:
    """Return a client's settings for putting: it neither retries nor waits long by itself.

    `producers.sending` does both, and knows what it sent twice.
    """
    from botocore.config import Config

    return Config(
        retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, tcp_keepalive=True
    )
