"""What an invocation fails with, apart from the function's own errors (§2.3).

A `Function` raises one of these where it knows more than that it failed; any other exception is the
function's own error. The codes are those of the service's error lines and of its error log.
"""

from typing import ClassVar


class InvocationError(Exception):
    """An invocation that failed for a reason the service tells apart; it is retried."""

    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.message)


class FunctionTimedOutError(InvocationError):
    """The function did not answer within its own timeout; see `Choices.timeout_code`."""

    code = "Lambda.FunctionTimedOut"
    message = (
        "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda "
        "function."
    )


class InvocationTooLongError(InvocationError):
    """The service waited for five minutes; `Choices.long_invocation_code` names it."""

    code = "Lambda.FunctionTimedOut"
    message = "Firehose encountered timeout errors when calling AWS Lambda."


class ThrottledError(InvocationError):
    """The function's concurrency is used up."""

    code = "Lambda.InvokeLimitExceeded"
    message = (
        "The Lambda concurrent execution limit was reached. Increase the concurrent execution "
        "limit."
    )


class AccessDeniedError(InvocationError):
    """The stream's role may not invoke the function."""

    code = "Lambda.InvokeAccessDenied"
    message = (
        "Access was denied. Ensure that the access policy allows access to the Lambda function."
    )


class FunctionNotFoundError(InvocationError):
    """There is no such function; creating the stream does not find that out."""

    code = "Lambda.ResourceNotFound"
    message = (
        "The specified Lambda function could not be found. Use a different function that does "
        "exist."
    )
