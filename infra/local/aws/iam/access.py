"""The one place that says yes or no to a role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain

from infra.local.aws.account import ACCOUNT
from infra.local.aws.iam.principal import Principal
from infra.local.aws.iam.roles import (
    begin_session,
    bucket_statements,
    role_statements,
    trust_statements,
)
from infra.local.iam import Call, NotUnderstoodError, Verdict, denial, judge

Watch = Callable[[Principal, Call, bool], None]
"""Told of every call that was judged, and whether it was allowed."""

_TRUST_CONTEXT = {
    # What each service says of itself where it takes a role.
    "firehose": (("sts:ExternalId", ACCOUNT), ("aws:SourceAccount", ACCOUNT)),
    "lambda": (("aws:SourceAccount", ACCOUNT),),
    "scheduler": (("aws:SourceAccount", ACCOUNT),),
}


class AccessDeniedError(Exception):
    """A service may not do as a role what it was about to do."""


class Access:
    """Judges the calls of roles by their policies; where it does not enforce, all may.

    Args:
        enforced: whether anybody is denied anything.
        watch: told of every judgement.
    """

    def __init__(self, *, enforced: bool, watch: Watch | None = None) -> None:
        self.enforced = enforced
        self._watch = watch
        self._caller: ContextVar[Principal | None] = ContextVar("caller", default=None)

    @property
    def caller(self) -> Principal | None:
        """The role whose HTTP call this thread answers; None for a person's."""
        return self._caller.get()

    @contextmanager
    def calling(self, principal: Principal) -> Iterator[None]:
        """Answer a call of a role meanwhile."""
        token = self._caller.set(principal)
        try:
            yield
        finally:
            self._caller.reset(token)

    def denied(self, principal: Principal | None, *calls: Call) -> str | None:
        """Return why one of the calls is denied, in the words of AWS; None when all are allowed.

        Args:
            principal: who calls; None is a person, who may do everything.
            calls: what is asked for; the first that is denied decides.
        """
        if not self.enforced or principal is None:
            return None
        for call in calls:
            reason = _reason(principal, call)
            if self._watch is not None:
                self._watch(principal, call, reason is None)
            if reason is not None:
                return reason
        return None

    def require(self, principal: Principal, *calls: Call) -> None:
        """Raise where one of the calls is denied.

        Raises:
            AccessDeniedError: saying which, in the words of AWS.
        """
        reason = self.denied(principal, *calls)
        if reason is not None:
            raise AccessDeniedError(reason)

    def untrusted(self, service: str, role: str) -> bool:
        """Tell whether a service may not act as a role, because of the role's trust policy."""
        if not self.enforced:
            return False
        call = Call("sts:AssumeRole", role, _TRUST_CONTEXT[service])
        asks = frozenset({f"Service:{service}.amazonaws.com"})
        try:
            return judge(trust_statements(role), call, asks) is not Verdict.ALLOWED
        except NotUnderstoodError:
            return True

    def session(self, principal: Principal) -> dict[str, str]:
        """Return the variables that make a process act as a role; none where all may."""
        return begin_session(principal) if self.enforced else {}


OPEN = Access(enforced=False)
"""Everybody may do everything."""


def _reason(principal: Principal, call: Call) -> str | None:
    try:
        statements = role_statements(principal)
        if call.action.startswith("s3:"):
            statements = chain(statements, bucket_statements(call.resource))
        verdict = judge(statements, call, principal.forms())
    except NotUnderstoodError as error:
        said = denial(principal.arn, call, explicit=False)
        return f"{said}; a policy has {error}, which the local IAM does not understand"
    if verdict is Verdict.ALLOWED:
        return None
    return denial(principal.arn, call, explicit=verdict is Verdict.DENIED)
