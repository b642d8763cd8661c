"""Makes a Lambda function of one of the handlers here."""

from typing import Any

from infra.aws.template import BUNDLES
from infra.local.aws.server import LocalAws


def make_function(aws: LocalAws, handler: str, **more: Any) -> str:
    """Create a function that runs `handlers.<handler>` from our sources; return its ARN."""
    iam = aws.client("iam")
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="runner", AssumeRolePolicyDocument="{}")
    answer = aws.client("lambda").create_function(
        FunctionName=handler,
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/runner",
        Handler=f"tests.infra.local_aws.handlers.{handler}",
        Code={"S3Bucket": BUNDLES, "S3Key": "here"},
        **more,
    )
    return str(answer["FunctionArn"])
