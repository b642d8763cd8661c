"""One delivery stream: records in, through the Lambda and the buffers, objects out (§0, §11)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from infra.local.firehose import error_lines
from infra.local.firehose.buffers import Buffer, Hints
from infra.local.firehose.conversion import convert
from infra.local.firehose.delivery import compressed, deliver
from infra.local.firehose.environment import Environment
from infra.local.firehose.errors import DeliveryError
from infra.local.firehose.journal import Journal
from infra.local.firehose.partitions import Partitions, UnpartitionedError
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.processing import Invoker
from infra.local.firehose.records import ErrorLine, Failure, Output, Source
from infra.local.firehose.settings import StreamSettings

_AT_ONCE = Hints(1, timedelta(0))
"""Without a Lambda nothing is buffered before the destination."""

Lane = tuple[Buffer[Any], Callable[[list[Any]], None]]
"""A buffer, and how one batch of it is stored."""


class Stream:
    """A stream's buffers and what moves records through them.

    A batch leaves its buffer only after everything made from it is safely in the next one or in
    the store, so an exception anywhere loses nothing; at worst something is done twice, which is
    what the service promises as well. Puts may come from other threads while another delivers.

    The journal has every accepted record until nothing made from it waits in any buffer. What it
    has from an earlier process is buffered again, as if it had waited here all the time.
    """

    def __init__(
        self,
        name: str,
        arn: str,
        settings: StreamSettings,
        world: Environment,
        journal: Journal,
    ) -> None:
        self._name = name
        self._arn = arn
        self._settings = settings
        self._world = world
        self._arriving = Lock()
        self._working = Lock()
        function = settings.function
        self._incoming: Buffer[Source] = Buffer(function.hints if function else _AT_ONCE)
        self._partitions = Partitions(settings.main, world.identifiers)
        self._errors: dict[str, Buffer[ErrorLine]] = {}
        self._backup: Buffer[Source] | None = (
            Buffer(settings.backup.hints) if settings.backup else None
        )
        self._journal = journal
        self._next = 0
        now = world.clock()
        for source in journal.recover():
            self._incoming.add(source, len(source.data), min(source.arrival, now))
            self._next = source.sequence + 1

    def put(self, records: Sequence[bytes]) -> None:
        """Accept the records of one call, all or none.

        Raises:
            OSError: the journal does not take them.
        """
        with self._arriving:
            now = self._world.clock()
            sources = [Source(data, now, n) for n, data in enumerate(records, self._next)]
            self._journal.append(sources)
            self._next += len(sources)
            for source in sources:
                self._incoming.add(source, len(source.data), now)

    def tick(self) -> None:
        """Move on whatever is due.

        Raises:
            DeliveryError: an object could not be stored; the rest was delivered nevertheless.
        """
        self._work(lambda buffer: buffer.close_due(self._world.clock()))

    def flush(self) -> None:
        """Move on everything, as if all intervals had passed.

        Raises:
            DeliveryError: an object could not be stored; the rest was delivered nevertheless.
        """
        self._work(lambda buffer: buffer.close())

    def discard(self) -> None:
        """Forget what was accepted, in the journal too; later puts are refused.

        Raises:
            OSError: the journal could not be removed.
        """
        with self._arriving:
            self._journal.discard()

    def close(self) -> None:
        """Let go of the journal, which keeps what is not delivered; later puts are refused."""
        with self._arriving:
            self._journal.close()

    def _work(self, close: Callable[[Buffer[Any]], None]) -> None:
        with self._working:
            with self._arriving:
                close(self._incoming)
            while batch := self._incoming.oldest():
                self._process(batch)
                self._incoming.delivered()
            problems: list[Exception] = []
            for buffer, store in self._lanes():
                close(buffer)
                try:
                    while items := buffer.oldest():
                        store(items)
                        buffer.delivered()
                except Exception as error:  # one destination down must not stop the others (§5)
                    problems.append(error)
            with self._arriving:
                self._journal.release(self._lowest())
            if problems:
                raise DeliveryError(self._name, problems[0]) from problems[0]

    def _lowest(self) -> int:
        """Return the lowest sequence that is not fully delivered, or the next one."""
        lowest = [self._next, self._incoming.lowest, self._partitions.lowest]
        if self._backup is not None:
            lowest.append(self._backup.lowest)
        return min(*lowest, *(lines.lowest for lines in self._errors.values()))

    def _process(self, batch: list[Source]) -> None:
        faults = self._world.faults
        sent = self._world.identifiers.shuffled(batch) if faults.reorder else batch
        results = [self._invoke(sent) for _ in range(2 if faults.duplicate_batches else 1)]
        now = self._world.clock()
        # §5: the backup gets a record after its processing, whatever came of that.
        if self._backup is not None:
            for source in sent:
                self._backup.add(source, len(source.data), now)
        for outputs, failures in results:
            for output in outputs:
                self._partition(output, now)
            for failure in failures:
                line = error_lines.processing_line(failure, self._function_arn())
                self._fail(error_lines.PROCESSING, line, now)

    def _invoke(self, batch: list[Source]) -> tuple[list[Output], list[Failure]]:
        step = self._settings.function
        if step is None:
            return [Output(source, source.data, {}) for source in batch], []
        world = self._world
        role = step.role or self._settings.main.role
        return Invoker(
            function=world.functions.get(step.arn),
            retries=step.retries,
            stream_arn=self._arn,
            region=world.region,
            identifiers=world.identifiers,
            clock=world.clock,
            denied=world.denied(role, "lambda:InvokeFunction", step.arn) is not None,
        ).process(batch)

    def _function_arn(self) -> str:
        return self._settings.function.arn if self._settings.function else ""

    def _partition(self, output: Output, now: datetime) -> None:
        try:
            self._partitions.add(output, now)
        except UnpartitionedError as error:
            failure = Failure(output.source, error.code, error.message, output.data, 1, now)
            self._fail(error.error_type, error_lines.partitioning_line(failure), now)

    def _fail(self, error_type: str, line: ErrorLine, now: datetime) -> None:
        hints = self._settings.main.hints
        buffer = self._errors.setdefault(error_type, Buffer(hints))
        buffer.add(line, len(line.text), now)

    def _lanes(self) -> Iterator[Lane]:
        if self._backup is not None:
            yield self._backup, self._store_backup
        for prefix, buffer in self._partitions.buffers():
            yield buffer, partial(self._store_main, prefix)
        for error_type, lines in self._errors.items():
            yield lines, partial(self._store_errors, error_type)

    def _store_backup(self, sources: list[Source]) -> None:
        destination = self._settings.backup
        assert destination is not None, "the lane exists only with a backup"
        body, extension = compressed(b"".join(s.data for s in sources), destination)
        deliver(
            self._world,
            self._name,
            destination,
            destination.output_prefix,
            body,
            oldest=_oldest(sources),
            extension=extension,
        )

    def _store_main(self, prefix: Prefix, outputs: list[Output]) -> None:
        main, conversion = self._settings.main, self._settings.conversion
        body: bytes | None
        if conversion is None:
            body, extension = compressed(b"".join(o.data for o in outputs), main)
        else:
            now = self._world.clock()
            body, failures = convert(outputs, conversion, now=now, order=self._order)
            extension = main.extension or ".parquet"
            if failures:  # first, and in the same step: §3.4, a failing error write blocks delivery
                lines = [error_lines.conversion_line(f, conversion.catalogue) for f in failures]
                self._store_errors(error_lines.CONVERSION, lines)
        if body is not None:
            oldest = _oldest(outputs)
            deliver(self._world, self._name, main, prefix, body, oldest=oldest, extension=extension)

    def _store_errors(self, error_type: str, lines: list[ErrorLine]) -> None:
        main = self._settings.main
        deliver(
            self._world,
            self._name,
            main,
            main.error_output_prefix,
            b"\n".join(line.text for line in lines) + b"\n",
            oldest=_oldest(lines),
            error_type=error_type,
        )

    def _order(self, rows: Sequence[int]) -> Sequence[int]:
        return self._world.identifiers.shuffled(rows) if self._world.faults.reorder else rows


def _oldest(items: Sequence[Source] | Sequence[Output] | Sequence[ErrorLine]) -> datetime:
    return min(item.arrival for item in items)
