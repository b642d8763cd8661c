"""One embedded AWS: a server on loopback over a data directory, until it is closed."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar

from infra.local.aws.account import environment
from infra.local.aws.clients import Clients
from infra.local.aws.cloudformation.deploy import Deployment, Stack, deploy
from infra.local.aws.cloudformation.stream_update import update_streams
from infra.local.aws.control_paths import PREFIX, Call, ControlError, Hook, Hooks
from infra.local.aws.data_dir import DataDirLock
from infra.local.aws.errors import InUseError
from infra.local.aws.fault_control import FaultControl
from infra.local.aws.http import HttpServer
from infra.local.aws.iam.access import Access, Watch
from infra.local.aws.in_process import answer_here
from infra.local.aws.meter_control import meter_hooks
from infra.local.aws.services import Services, start_services
from infra.local.clock import Clock
from infra.local.firehose import DEFAULT_CHOICES, Choices, DeliveryError, FaultBoard
from infra.local.firehose.meter import Meter
from schemas.lake import ObjectStore

STACK = "finops"
FLUSH_PATH = PREFIX + "flush"
"""A POST here delivers what the streams have buffered; nobody waits for an interval locally."""

CLOCK_PATH = PREFIX + "clock"
"""A GET here answers the moment that the server goes by, which may not be the machine's."""


class LocalAws:
    """Starts with the buckets of the data directory and nothing else; `deploy` does the rest.

    Args:
        data_dir: where buckets and logs lie; made when it is not there.
        clock: time, for buffers and schedules; logs and object dates go by the machine's.
        random: chance, for ids.
        port: the port; 0 takes a free one.
        code_root: what the code folders in a template are relative to; None runs functions from
            our own sources.
        choices: of Firehose, where nobody knows what the service does.
        crash: ends the process at once, for the fault of that name; None where the process is
            more than this server.
        enforce_iam: whether functions and services may do only what their roles allow; people may
            do everything in any case.
        watch: told of every judgement, where permissions are enforced.

    Raises:
        InUseError: a server has the data directory, or this process runs one already.
    """

    _one_in_a_process: ClassVar[Lock] = Lock()

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Clock,
        random: Random,
        port: int = 0,
        code_root: Path | None = None,
        choices: Choices = DEFAULT_CHOICES,
        crash: Callable[[], None] | None = None,
        enforce_iam: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.access = Access(enforced=enforce_iam, watch=watch)
        self.data_dir = data_dir.absolute()
        self._deployed: tuple[Mapping[str, Any], Mapping[str, str], Stack] | None = None
        with ExitStack() as started:
            lock = DataDirLock(self.data_dir)
            started.callback(lock.release)
            if not self._one_in_a_process.acquire(blocking=False):
                raise InUseError("this process runs a local AWS already; close that one first")
            started.callback(self._one_in_a_process.release)
            # The services need the server's address, and the hooks need the services.
            hooks: dict[tuple[str, str], Hook] = {}
            log = self.data_dir / "logs" / "server.log"
            self._http = HttpServer(port, log, hooks, self.access)
            started.callback(self._http.close)
            self._clients = Clients(self._http.url)
            self._direct: dict[str, Any] = {}
            started.callback(self._clients.close)
            self.services: Services = start_services(
                self.data_dir,
                endpoint_url=self._http.url,
                client=self.client,
                clock=clock,
                random=random,
                code_root=code_root,
                choices=choices,
                crash=crash,
                access=self.access,
            )
            started.callback(self.services.close)
            hooks.update(self._hooks(clock, random))
            lock.announce(self._http.url)
            self._started = started.pop_all()

    @property
    def faults(self) -> FaultBoard:
        """What goes wrong on purpose in the streams; add to it and clear it at any time."""
        return self.services.firehose.faults

    @property
    def meter(self) -> Meter:
        """What Firehose would bill for the streams."""
        return self.services.firehose.meter

    @property
    def endpoint_url(self) -> str:
        """Where all services are."""
        return self._http.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK here."""
        return environment(self.endpoint_url)

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        return self._clients.client(service)

    def _deploying(self, service: str) -> Any:
        """Return a client for deployments, whose calls take no socket."""
        if service not in self._direct:
            self._direct[service] = client = self._clients.another(service)
            answer_here(client, self._http.application)
        return self._direct[service]

    def put_client(self) -> Any:
        """Return a Firehose client that neither retries nor waits long: a producer does both."""
        return self._clients.put_client()

    def store(self, bucket: str) -> ObjectStore:
        """Return a bucket's objects, without HTTP; raise `KeyError` when there is no bucket."""
        return self.services.buckets[bucket]

    def folder(self, bucket: str) -> Path:
        """Return the folder that a bucket's objects lie in."""
        return self.services.files.bucket(bucket)

    def deploy(
        self, template: Mapping[str, Any], parameters: Mapping[str, str] | None = None
    ) -> Stack:
        """Deploy a plain CloudFormation template, or what another one changes of the streams.

        Raises:
            DeployError: naming the resource at fault; or more than streams would change.
            TemplateError: a parameter is refused.
        """
        wanted = dict(parameters or {})
        if self._deployed:
            deployed_template, deployed_parameters, stack = self._deployed
            if (deployed_template, deployed_parameters) == (template, wanted):
                return stack
            before = Deployment(
                deployed_template, STACK, deployed_parameters, self._deploying, stack.resources
            )
            kept = {k: made for k, made in stack.resources.items() if k in template["Resources"]}
            stack = update_streams(
                before, Deployment(template, STACK, wanted, self._deploying, kept)
            )
        else:
            stack = deploy(template, name=STACK, parameters=wanted, client=self._deploying)
        self._deployed = template, wanted, stack
        return stack

    def tick(self) -> None:
        """Do what is due by the clock: schedules and buffers."""
        self.services.tick()

    def run_until(self, moment: datetime) -> int:
        """Let the clock go to `moment` with everything due on the way; return what was fired."""
        return self.services.run_until(moment)

    def flush(self) -> None:
        """Deliver what the streams have buffered, at once."""
        self.services.firehose.flush()

    def _hooks(self, clock: Clock, random: Random) -> Hooks:
        firehose = self.services.firehose

        def flush(call: Call) -> None:
            try:
                self.flush()
            except DeliveryError as error:
                raise ControlError(str(error)) from error

        def moment(call: Call) -> object:
            return {"now": clock.now().isoformat()}

        faults = FaultControl(firehose.faults, clock, random, firehose.names)
        return {
            ("POST", FLUSH_PATH): flush,
            ("GET", CLOCK_PATH): moment,
            **faults.hooks,
            **meter_hooks(firehose.meter),
        }

    def close(self) -> None:
        """Deliver what is buffered and stop; once is enough."""
        self._started.close()

    def __enter__(self) -> "LocalAws":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
