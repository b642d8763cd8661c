"""Who may do what: policy documents judged as AWS IAM judges them, and nothing else.

Pure: documents and calls come in, verdicts go out. Only a part of IAM's language is understood, and
the rest is refused (`NotUnderstoodError`), never guessed, so that nothing is allowed here that AWS
would not allow.
"""

from infra.local.iam.calls import Call, denial
from infra.local.iam.judge import Verdict, judge
from infra.local.iam.policy import NotUnderstoodError, Statement, parse_policy

__all__ = [
    "Call",
    "NotUnderstoodError",
    "Statement",
    "Verdict",
    "denial",
    "judge",
    "parse_policy",
]
