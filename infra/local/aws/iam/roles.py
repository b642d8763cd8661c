"""Roles, their policies and their sessions, as moto holds them."""

import json
from collections.abc import Iterator
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.iam.principal import Principal
from infra.local.iam import NotUnderstoodError, Statement, parse_policy

_PARTITION = "aws"
_SECONDS = 43_200


class UnknownKeyError(Exception):
    """An access key that nobody has, or a session token that is another's."""


def role_statements(principal: Principal) -> Iterator[Statement]:
    """Yield the statements of a role's policies; none when there is no such role.

    Raises:
        NotUnderstoodError: a policy has what the local IAM does not know.
    """
    role = _role(principal.role)
    if role is None:
        return
    if role.permissions_boundary_arn:
        raise NotUnderstoodError("a permissions boundary")
    for document in role.policies.values():
        yield from parse_policy(_text(document))
    for managed in role.managed_policies.values():
        current = next(version for version in managed.versions if version.is_default)
        yield from parse_policy(_text(current.document))


def trust_statements(role_arn: str) -> tuple[Statement, ...]:
    """Return who may take a role; nobody when there is no such role.

    Raises:
        NotUnderstoodError: its trust policy has what the local IAM does not know.
    """
    role = _role(role_arn)
    return () if role is None else parse_policy(_text(role.assume_role_policy_document))


def bucket_statements(resource: str) -> tuple[Statement, ...]:
    """Return the statements of the policy of the bucket that an S3 ARN is about.

    Raises:
        NotUnderstoodError: the policy has what the local IAM does not know.
    """
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    bucket = s3_backends[ACCOUNT][_PARTITION].buckets.get(name)
    if bucket is None or bucket.policy is None:
        return ()
    return parse_policy(_text(bucket.policy))


def begin_session(principal: Principal) -> dict[str, str]:
    """Return the variables that let a process act as a role; they do not run out here."""
    session = sts_backends[ACCOUNT][_PARTITION].assume_role(
        region_name=REGION,
        role_session_name=principal.session,
        role_arn=principal.role,
        policy="",
        duration=_SECONDS,
        external_id="",
    )
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def principal_of(access_key: str, token: str | None) -> Principal | None:
    """Return whose an access key is; None for the made-up keys that people use here.

    Raises:
        UnknownKeyError: it looks like a key of AWS's and is nobody's, or has another's token.
        NotUnderstoodError: its rights are given in a way that the local IAM does not know.
    """
    if not access_key.startswith(("AKIA", "ASIA")):
        return None
    session = sts_backends[ACCOUNT][_PARTITION].get_assumed_role_from_access_key(access_key)
    if session is None:
        if access_key in iam_backends[ACCOUNT][_PARTITION].access_keys:
            raise NotUnderstoodError("a key that is not of a role's session")
        raise UnknownKeyError(access_key)
    if token != session.session_token:
        raise UnknownKeyError(access_key)
    if session.policy:
        raise NotUnderstoodError("a session policy")
    return Principal(session.role_arn, session.session_name)


def _role(arn: str) -> Any:
    try:
        return iam_backends[ACCOUNT][_PARTITION].get_role_by_arn(arn)
    except NotFoundException:
        return None


def _text(document: Any) -> str:
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document)
