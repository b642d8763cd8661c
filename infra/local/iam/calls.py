"""A call as IAM sees it: one action on one resource, with what conditions may ask about it."""

from dataclasses import dataclass

SECURE = ("aws:SecureTransport", "true")
"""Every SDK speaks TLS to AWS; that loopback does without is no business of the policies."""


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One action on one resource.

    Attributes:
        action: such as `s3:GetObject`.
        resource: its ARN.
        context: condition keys and their values; a key that is not there has no value.
    """

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    def value(self, key: str) -> str | None:
        """Return the value of a condition key, None where the call has none."""
        wanted = key.lower()
        return next((v for k, v in (SECURE, *self.context) if k.lower() == wanted), None)


def denial(principal: str, call: Call, *, explicit: bool) -> str:
    """Return what AWS says to a caller who may not (IAM guide, "Troubleshoot access denied").

    Args:
        principal: the caller's ARN.
        call: what was asked for.
        explicit: whether a statement denies it; otherwise none allows it.
    """
    quoted = f'"{call.resource}"' if call.action.startswith("s3:") else call.resource
    why = (
        "with an explicit deny"
        if explicit
        else f"because no identity-based policy allows the {call.action} action"
    )
    return (
        f"User: {principal} is not authorized to perform: {call.action} on resource: {quoted} {why}"
    )
