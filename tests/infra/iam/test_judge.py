"""IAM's evaluation: by examples of its guide, and by laws on whatever documents there are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.iam import Call, NotUnderstoodError, Verdict, denial, judge, parse_policy

OBJECT = "arn:aws:s3:::lake/raw/a.b"
GET = Call("s3:GetObject", OBJECT)
ROLE = "arn:aws:sts::111111111111:assumed-role/reader/me"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any = "s3:GetObject", resource: Any = OBJECT, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def verdict(call: Call, *statements: dict[str, Any]) -> Verdict:
    return judge(parse_policy(policy(*statements)), call)


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        (OBJECT, True),
        ("*", True),
        ("arn:aws:s3:::lake/raw/*", True),
        ("arn:aws:s3:::lake/*/a.b", True),
        ("arn:aws:s3:::lake/raw/a?b", True),
        ("arn:aws:s3:::lake/raw/a.b?", False),
        ("arn:aws:s3:::lake/raw", False),
        ("arn:aws:s3:::lake/raw/a+b", False),
        ("arn:aws:s3:::LAKE/raw/a.b", False),
        # A wildcard does not reach into the next part of the ARN.
        ("arn:aws:*:lake/raw/a.b:x:y", False),
        ("arn:*:s3:::lake/raw/a.b", True),
    ],
)
def test_resources_are_patterns_of_arns(pattern: str, covered: bool) -> None:
    found = verdict(GET, allow(resource=pattern))
    assert found is (Verdict.ALLOWED if covered else Verdict.NOT_ALLOWED)


@pytest.mark.parametrize(
    ("action", "covered"),
    [
        ("s3:GetObject", True),
        ("s3:getobject", True),
        ("s3:Get*", True),
        ("s3:*", True),
        ("*", True),
        ("s3:GetObjectVersion", False),
        ("s3:GetObjec", False),
        ("sqs:*", False),
    ],
)
def test_actions_are_patterns_without_case(action: str, covered: bool) -> None:
    found = verdict(GET, allow(action))
    assert found is (Verdict.ALLOWED if covered else Verdict.NOT_ALLOWED)


def test_one_deny_outweighs_every_allow() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/*"}
    assert verdict(GET, allow(), deny) is verdict(GET, deny, allow()) is Verdict.DENIED


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringLike": {"s3:prefix": ["state/*", "raw/*"]}}, (("s3:prefix", "raw/"),), True),
        ({"StringLike": {"s3:prefix": ["state/*", "raw/*"]}}, (("s3:prefix", "errors/"),), False),
        ({"StringLike": {"s3:prefix": "raw/*"}}, (), False),
        ({"StringEquals": {"S3:Prefix": "raw/*"}}, (("s3:prefix", "raw/x"),), False),
        ({"StringEquals": {"s3:prefix": "raw/"}}, (("s3:prefix", "raw/"),), True),
        ({"Bool": {"aws:SecureTransport": False}}, (), False),
        ({"Bool": {"aws:SecureTransport": "true"}}, (), True),
        (
            {"StringEquals": {"s3:prefix": "a"}, "Bool": {"aws:SecureTransport": "false"}},
            (("s3:prefix", "a"),),
            False,
        ),
    ],
)
def test_conditions_hold_all_or_the_statement_is_about_something_else(
    condition: dict[str, Any], context: tuple[tuple[str, str], ...], holds: bool
) -> None:
    call = Call("s3:ListBucket", "arn:aws:s3:::lake", context)
    found = verdict(call, allow("s3:ListBucket", "arn:aws:s3:::lake", Condition=condition))
    assert found is (Verdict.ALLOWED if holds else Verdict.NOT_ALLOWED)


def test_a_trust_policy_is_about_whom_it_names() -> None:
    service = {"Service": "lambda.amazonaws.com"}
    trust = policy({"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"})
    call = Call("sts:AssumeRole", "arn:aws:iam::111111111111:role/reader")
    for name, expected in (("lambda", Verdict.ALLOWED), ("firehose", Verdict.NOT_ALLOWED)):
        asks = frozenset({f"Service:{name}.amazonaws.com"})
        assert judge(parse_policy(trust), call, asks) is expected


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (allow(NotAction="s3:*"), "NotAction"),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, "NotAction"),
        (allow(NotResource="*"), "NotResource"),
        (allow("s3"), "Action 's3'"),
        (allow(resource="lake"), "Resource 'lake'"),
        (allow(resource="arn:aws:s3:::lake/${aws:username}/*"), "variable"),
        (allow(Condition={"StringNotEquals": {"s3:prefix": "a"}}), "StringNotEquals"),
        (allow(Condition={"StringLikeIfExists": {"s3:prefix": "a"}}), "StringLikeIfExists"),
        (allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}), "aws:PrincipalTag"),
        (allow(Principal={"Federated": "x"}), "Federated"),
        (allow(Principal={"AWS": "111111111111"}), "account"),
        (allow(Principal={"AWS": ["arn:aws:iam::111111111111:root"]}), "account"),
        ({"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}, "Maybe"),
        ({"Effect": "Allow", "Resource": "*"}, "without Action"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(statement: dict[str, Any], named: str) -> None:
    with pytest.raises(NotUnderstoodError, match=named):
        parse_policy(policy(statement))


def test_the_old_language_is_refused() -> None:
    """Its `${…}` is plain text: the same document means something else."""
    with pytest.raises(NotUnderstoodError, match="2008"):
        parse_policy(json.dumps({"Version": "2008-10-17", "Statement": []}))


def test_a_denial_is_said_in_the_words_of_aws() -> None:
    assert denial(ROLE, GET, explicit=False) == (
        f"User: {ROLE} is not authorized to perform: s3:GetObject on resource: "
        f'"{OBJECT}" because no identity-based policy allows the s3:GetObject action'
    )
    invoke = Call("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111111111111:function:f")
    assert denial(ROLE, invoke, explicit=True) == (
        f"User: {ROLE} is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{invoke.resource} with an explicit deny"
    )


RESOURCES = st.sampled_from([OBJECT, "arn:aws:s3:::lake/raw/*", "arn:aws:s3:::lake/*", "*"])
ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:*", "*"])
STATEMENTS = st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
    st.sampled_from(["Allow", "Deny"]),
    ACTIONS,
    RESOURCES,
)
CALLS = st.builds(Call, st.sampled_from(["s3:GetObject", "s3:PutObject"]), st.just(OBJECT))


@given(st.lists(STATEMENTS, max_size=5), CALLS, st.randoms(use_true_random=False))
def test_the_order_of_statements_means_nothing(
    statements: list[dict[str, Any]], call: Call, random: Any
) -> None:
    shuffled = random.sample(statements, len(statements))
    assert verdict(call, *statements) is verdict(call, *shuffled)


@given(st.lists(STATEMENTS, max_size=5), CALLS)
def test_without_an_allow_nothing_is_allowed(statements: list[dict[str, Any]], call: Call) -> None:
    denies = [s for s in statements if s["Effect"] == "Deny"]
    assert verdict(call, *denies) is not Verdict.ALLOWED


@given(st.text(st.characters(exclude_characters="*?$"), max_size=20), st.text(max_size=20))
def test_text_without_wildcards_matches_itself_only(key: str, other: str) -> None:
    call = Call("s3:GetObject", f"arn:aws:s3:::lake/{other}")
    allowed = verdict(call, allow(resource=f"arn:aws:s3:::lake/{key}")) is Verdict.ALLOWED
    assert allowed == (key == other)
