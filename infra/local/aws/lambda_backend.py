"""Lambda for moto: configuration is moto's, invocations run in processes of ours.

An asynchronous invocation is over when the call returns, retries and destination included, so that
a schedule's month can be run as fast as it goes; one that a running function sends to itself comes
after it, before the first call returns. Architecture, layers and memory are told, not
enforced; code that a template names by folder runs from that folder or from our own sources.
"""

import base64
import io
import json
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from moto.awslambda import urls
from moto.awslambda.exceptions import (
    LambdaClientError,
    UnknownAliasException,
    UnknownFunctionException,
)
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.core.utils import unix_time_millis
from moto.logs.models import logs_backends

from infra.aws.template import BUNDLES
from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.function_process import Answer, Function
from infra.local.aws.functions import FunctionError, FunctionRunner
from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.iam.requirements import log_stream_arn
from infra.local.aws.usage_metrics import FunctionMetrics
from infra.local.clock import Clock
from infra.local.iam import Call

MAX_RETRIES = 2
"""Lambda guide, "Error handling for asynchronous invocations": the default."""
_LOG_TAIL = 4096


@dataclass(frozen=True, slots=True)
class LambdaWiring:
    """What functions are connected to.

    Attributes:
        runner: the processes.
        code_root: what the folders of the bucket `BUNDLES` are relative to; None runs our sources.
        unpacked: where code that came as a ZIP is unpacked.
        send: puts a message into a queue, by ARN; for what failed.
        clock: the time in what failed.
        metrics: told of every invocation, and of what comes to a log.
        access: what the functions' roles allow.
    """

    runner: FunctionRunner
    code_root: Path | None
    unpacked: Path
    send: Callable[[str, str], None]
    clock: Clock
    metrics: FunctionMetrics
    access: Access = OPEN


class LocalLambdaBackend(LambdaBackend):
    """The functions of one account and region; `wiring` is set in a subclass."""

    wiring: ClassVar[LambdaWiring]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._lock = Lock()
        self._folders: dict[str, Path | None] = {}
        self._events: dict[str, deque[str]] = {}
        """Messages of each function that works off its own now."""

    @property
    def _url_module(self) -> Any:
        return urls

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """Create a function; its code may be a folder of the bucket `BUNDLES`."""
        name, code = spec["FunctionName"], spec["Code"]
        if self.wiring.access.untrusted("lambda", spec["Role"]):
            raise LambdaClientError(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            )
        if code.get("S3Bucket") == BUNDLES:
            self._folders[name] = self._folder(code["S3Key"])
            spec = {**spec, "Code": {"ZipFile": _empty_zip()}}
        else:
            self._folders.pop(name, None)
        function = super().create_function(spec)
        group = (spec.get("LoggingConfig") or {}).get("LogGroup")
        if group:
            self.get_function(name).logs_group_name = group
        return function

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> str | bytes | None:
        """Answer an Invoke call of any invocation type."""
        function = self.get_function(function_name, qualifier)
        payload = body.decode() if isinstance(body, bytes) else body or "{}"
        try:
            json.loads(payload)
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            raise LambdaClientError("InvalidRequestContentException", message) from error
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "Event":
            self.run_event(function, payload)
        if kind != "RequestResponse":
            return ""
        answer = self.run(function, payload)
        if answer.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = answer.log.encode()[-_LOG_TAIL:]
        response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
        return answer.payload.encode()

    def run(self, function: LambdaFunction, payload: str) -> Answer:
        """Run a function once and keep what it printed in its log group."""
        value = self._value(function)
        end = self.wiring.metrics.begin()
        answer = self.wiring.runner.run(value, payload, function.function_arn)
        end(value.name, answer.failed)
        self._keep_log(value, answer)
        return answer

    def run_event(self, function: LambdaFunction, payload: str) -> None:
        """Run an asynchronous invocation, and what the function sends to itself meanwhile."""
        name = function.function_arn
        with self._lock:
            if name in self._events:
                self._events[name].append(payload)
                return
            waiting = self._events[name] = deque([payload])
        try:
            while waiting:
                self._run_event(function, waiting.popleft())
        finally:
            with self._lock:
                late = self._events.pop(name)
        for payload in late:
            self.run_event(function, payload)

    def _run_event(self, function: LambdaFunction, payload: str) -> None:
        """Run one: retried, then told to the function's destination."""
        configs = self.get_function(function.function_name).event_invoke_config
        config: dict[str, Any] = configs[-1].config if configs else {}
        attempts = 1 + int(config.get("MaximumRetryAttempts", MAX_RETRIES))
        for _ in range(attempts):
            answer = self.run(function, payload)
            if not answer.failed:
                return
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination and self._may_report(function, destination):
            record = self._failure(function, payload, answer, attempts)
            self.wiring.send(destination, json.dumps(record))

    def _may_report(self, function: LambdaFunction, queue: str) -> bool:
        """Tell whether the function's role may; as on AWS, nobody hears of it otherwise."""
        call = Call("sqs:SendMessage", queue)
        return self.wiring.access.denied(self._value(function).principal, call) is None

    def _failure(
        self, function: LambdaFunction, payload: str, answer: Answer, attempts: int
    ) -> dict[str, Any]:
        """Return what a destination gets (Lambda guide, "Asynchronous invocation destinations")."""
        moment = self.wiring.clock.now()
        return {
            "version": "1.0",
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{moment.microsecond // 1000:03}Z",
            "requestContext": {
                "requestId": self.wiring.runner.request_id(),
                "functionArn": f"{function.function_arn}:{function.version}",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json.loads(payload),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": str(function.version),
                "functionError": "Unhandled",
            },
            "responsePayload": json.loads(answer.payload),
        }

    def _value(self, function: LambdaFunction) -> Function:
        return Function(
            name=function.function_name,
            version=str(function.version),
            handler=function.handler or "",
            variables=tuple(sorted(function.environment_vars.items())),
            code=self._code(function),
            timeout=float(function.timeout),
            memory=int(function.memory_size),
            log_group=function.logs_group_name,
            role=function.role,
        )

    def _code(self, function: LambdaFunction) -> Path | None:
        if function.function_name in self._folders:
            return self._folders[function.function_name]
        folder = self.wiring.unpacked / function.code_digest.rpartition(":")[2]
        with self._lock:
            if not folder.is_dir():
                half = folder.with_suffix(".new")
                with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                    archive.extractall(half)
                half.replace(folder)
        return folder

    def _folder(self, key: str) -> Path | None:
        root = self.wiring.code_root
        if root is None:
            return None
        folder = (root / key).resolve()
        if not folder.is_dir():
            raise LambdaClientError(
                "InvalidParameterValueException",
                f"there is no code in {key}; build the bundles first: make bundle",
            )
        return folder

    def _keep_log(self, function: Function, answer: Answer) -> None:
        """Keep what was printed, where the function's role may; it is lost otherwise, as on AWS.

        The role is asked even where nothing was printed: the service has lines of its own.
        """
        lines, group = answer.log.splitlines(), function.log_group
        stream = log_stream_arn(group, answer.log_stream)
        calls = [Call(f"logs:{a}", stream) for a in ("CreateLogStream", "PutLogEvents")]
        if self.wiring.access.denied(function.principal, *calls) or not lines:
            return
        self.wiring.metrics.logged(lines)
        logs = logs_backends[self.account_id][self.region_name]
        stamp = int(unix_time_millis())
        with self._lock:
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, answer.log_stream)
            events = [{"timestamp": stamp, "message": line} for line in lines]
            logs.put_log_events(group, answer.log_stream, events)


class Functions(Mapping[str, Callable[[str], str]]):
    """Functions by ARN, to call from inside: JSON text to JSON text, raising on an error."""

    def __getitem__(self, arn: str) -> Callable[[str], str]:
        """Return a function that raises `FunctionError`; `KeyError` when there is none."""
        backend, function = self._find(arn)

        def call(payload: str) -> str:
            answer = backend.run(function, payload)
            if answer.failed:
                raise FunctionError(answer.payload)
            return answer.payload

        return call

    def send_event(self, arn: str, payload: str) -> None:
        """Invoke a function asynchronously; raise `KeyError` when there is none."""
        backend, function = self._find(arn)
        backend.run_event(function, payload)

    def _find(self, arn: str) -> tuple[LocalLambdaBackend, LambdaFunction]:
        backend = lambda_backends[ACCOUNT][REGION]
        assert isinstance(backend, LocalLambdaBackend), "register_lambda came first"
        try:
            return backend, backend.get_function(arn)
        except (UnknownFunctionException, UnknownAliasException):
            raise KeyError(arn) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the unqualified ARNs."""
        for function in lambda_backends[ACCOUNT][REGION].list_functions():
            yield function.function_arn

    def __len__(self) -> int:
        return sum(1 for _ in self)


def register_lambda(wiring: LambdaWiring) -> Functions:
    """Put this Lambda in moto's place, for the whole process; earlier functions are forgotten."""

    class Backend(LocalLambdaBackend):
        pass

    Backend.wiring = wiring
    lambda_backends.clear()
    lambda_backends.backend = Backend
    return Functions()


def _empty_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w"):
        pass
    return base64.b64encode(content.getvalue())
