"""Runs Lambda functions in warm processes of their own, one invocation at a time in each.

A function is given its own variables and the way to this endpoint, not our environment. It ends
with us: its process reads invocations from a pipe until the pipe closes.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from threading import Lock
from uuid import UUID

from infra.local.aws.account import environment
from infra.local.aws.function_process import SOURCES, Answer, Function, FunctionProcess
from infra.local.aws.iam.principal import Principal

Session = Callable[[Principal], Mapping[str, str]]


class FunctionError(Exception):
    """A function raised, timed out or ended; `payload` is the error as the runtime answers it."""

    def __init__(self, payload: str) -> None:
        super().__init__(payload)
        self.payload = payload


class FunctionRunner:
    """The processes of all functions.

    Args:
        endpoint_url: where functions reach the other services.
        random: makes request ids.
        log: collects what processes write past Python, such as a crash's last words.
        session: the keys of a function's role, as variables; without, those that people have.
    """

    def __init__(
        self, endpoint_url: str, random: Random, log: Path, session: Session = lambda role: {}
    ) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._random = random
        self._log = log
        self._lock = Lock()
        self._idle: defaultdict[Function, list[FunctionProcess]] = defaultdict(list)
        self._running: set[FunctionProcess] = set()

    def run(self, function: Function, payload: str, arn: str) -> Answer:
        """Invoke a function and return its answer; never raises for what the function did."""
        process = self._take(function)
        answer = process.invoke(payload, arn, self.request_id())
        with self._lock:
            self._running.discard(process)
            if process.alive:
                self._idle[function].append(process)
        return answer

    def request_id(self) -> str:
        """Return a new request id."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            processes = [*self._running, *(p for idle in self._idle.values() for p in idle)]
            self._idle.clear()
            self._running.clear()
        for process in processes:
            process.end()

    def _take(self, function: Function) -> FunctionProcess:
        with self._lock:
            idle = self._idle[function]
            process = idle.pop() if idle else None
        if process is None:
            stream = f"[{function.version}]{self._random.getrandbits(128):032x}"
            process = FunctionProcess(
                function, self._variables(function, stream), stream, self._log
            )
        with self._lock:
            self._running.add(process)
        return process

    def _variables(self, function: Function, log_stream: str) -> dict[str, str]:
        """Return a process's whole environment (Lambda guide, "Defined runtime variables")."""
        return {
            **dict(function.variables),
            **environment(self._endpoint_url),
            **self._session(function.principal),
            # The user's own profiles, proxies and instance roles have no place here.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "LAMBDA_TASK_ROOT": str(function.code or SOURCES),
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "PYTHONPATH": str(function.code or SOURCES),
            "TZ": ":UTC",
            "_HANDLER": function.handler,
        }
