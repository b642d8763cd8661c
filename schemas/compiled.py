"""A reader of one released batch schema, compiled to Python: what reads the stream fast.

fastavro walks the schema for every value; here it was walked once, and each field is a few lines
of straight code. Much of a bill repeats from row to row, so *runs* of columns are remembered. No
Avro encoding begins with another one: bytes that begin like a run that was read are that run.

It reads what fastavro reads and refuses all else; `tests/schemas/test_compiled.py` states where
it is stricter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any, NamedTuple, TypeAlias

from schemas.errors import SchemaError

Start: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""From a batch's envelope to the dict that each of its events begins as. It has no column of the
events, or has it as null."""

Reader: TypeAlias = Callable[
    [bytes, int, Start | None], tuple[dict[str, Any], list[dict[str, Any]], int]
]
"""Reads one datum: the message, where the datum begins, and what its events begin as. A null
leaves an event as it began; without a start, every column begins as null.

Answers the envelope, the events, and where the datum ends. Raises ValueError or IndexError for
bytes that are no datum: a string may be cut short unseen, but a count always follows the last."""


class Run(NamedTuple):
    """Columns that tend to repeat together. It decides the reader's speed, and never a value."""

    first: str
    last: str
    foretold_by: tuple[str, ...]
    """Earlier columns: where they are the same again, so is the run, as a rule."""


_RUNS_KEPT = 4_096
_LONGEST_RUN = 1_024
"""Bytes of a run worth keeping. Both bound what is remembered between batches."""
_LONG_BITS = 64
_TIME_BYTES = 8

_STRING = """\
n = data[{at}]
if n & 0x81:  # negative, or longer than one byte says
    {to}, at = text(data, {at})
else:
    begin = {at} + 1
    at = begin + (n >> 1)
    {to} = data[begin:at].decode()
"""
_LONG = """\
{to}, at = long(data, {at})
"""
_TIME = """\
known = times.get(data[{at}:{at} + 8])
if known is None:
    {to}, at = time(data, {at}, times)
else:
    {to} = known
    at = {at} + 8
"""
_ENUM = """\
n, at = size(data, {at})
{to} = {symbols}[n]
"""
_MAP = """\
{to}, at = texts(data, {at})
"""
_OPTIONAL = """\
if data[at] == 2:
{value}
elif data[at]:
    raise ValueError("a union has no such branch")
else:
    at += 1
"""
_RUN = """\
key = hash(({key}))
known = {memory}.get(key)
if known and data.startswith(known[0], at):
    event.update(known[1])
    at += known[2]
else:
    first = at
{fields}
    # Kept from the second time on: what never repeats costs next to nothing.
    {memory}[key] = () if known is None else kept(data, first, at, event, {names})
"""
_OWN_MAP = """\
if event.get({name!r}) is not None:
    event[{name!r}] = event[{name!r}].copy()
"""
_BATCH = """\
def read(data, at, start_of=None):
    envelope = {{}}
{envelope}
    start = start_of(envelope) if start_of else nulls
    events = []
    times = {{}}
    for memory in memories:
        if len(memory) > {most}:
            memory.clear()
    count, at = block(data, at)
    while count:
        for _ in range(count):
            event = start.copy()
{event}
            events.append(event)
        count, at = block(data, at)
    return envelope, events, at
"""


def compile_reader(schema: Mapping[str, Any], runs: Sequence[Run] = ()) -> Reader:
    """Compile a batch schema: a record whose last field is the array of events.

    Times are read as integers, whatever their logical type.

    Raises:
        SchemaError: the schema uses a type the compiler does not know.
    """
    *envelope, events = schema["fields"]
    match events["type"]:
        case {"type": "array", "items": {"type": "record", "fields": fields}}:
            pass
        case other:
            raise SchemaError(f"{other} is no array of events; see schemas/compiled.py")
    source = _BATCH.format(
        envelope=indent("".join(_field(f, "envelope") for f in envelope), " " * 4),
        event=indent("".join(_event(fields, runs)), " " * 12),
        most=_RUNS_KEPT,
    )
    names: dict[str, Any] = {f.__name__: f for f in (long, size, text, texts, block, time, kept)}
    names["nulls"] = dict.fromkeys(f["name"] for f in fields)
    memories: dict[str, Any] = {_memory(run): {} for run in runs}
    names |= memories
    names["memories"] = tuple(memories.values())
    exec(compile(source, f"<reader of {schema['name']}>", "exec"), names)
    read: Reader = names["read"]
    return read


def _event(fields: Sequence[Mapping[str, Any]], runs: Sequence[Run]) -> Iterator[str]:
    names = [f["name"] for f in fields]
    begins = {names.index(run.first): run for run in runs}
    at = 0
    while at < len(fields):
        if run := begins.get(at):
            end = names.index(run.last) + 1
            yield _run(run, fields[at:end])
        else:
            end = at + 1
            yield _field(fields[at], "event")
        at = end


def _run(run: Run, fields: Sequence[Mapping[str, Any]]) -> str:
    source = _RUN.format(
        key="".join(f"event.get({name!r}), " for name in run.foretold_by),
        memory=_memory(run),
        fields=indent("".join(_field(f, "event") for f in fields), " " * 4),
        names=tuple(f["name"] for f in fields),
    )
    # Rows must not share a map that one of them may change.
    maps = [f["name"] for f in fields if "map" in str(f["type"])]
    return source + "".join(_OWN_MAP.format(name=name) for name in maps)


def _memory(run: Run) -> str:
    return f"memory_of_{run.first}"


def _field(field: Mapping[str, Any], into: str) -> str:
    to, kind = f"{into}[{field['name']!r}]", field["type"]
    if isinstance(kind, list):
        if len(kind) != 2 or kind[0] != "null":
            raise SchemaError(f"{field['name']} is no optional value; see schemas/compiled.py")
        return _OPTIONAL.format(value=indent(_value(kind[1], to, "at + 1"), " " * 4))
    return _value(kind, to, "at")


def _value(kind: Any, to: str, at: str) -> str:
    match kind:
        case "string" | {"type": "string"}:
            return _STRING.format(to=to, at=at)
        case {"type": "long", "logicalType": "timestamp-micros"}:
            return _TIME.format(to=to, at=at)
        case "long" | {"type": "long"}:
            return _LONG.format(to=to, at=at)
        case {"type": "enum", "symbols": symbols}:
            return _ENUM.format(to=to, at=at, symbols=tuple(symbols))
        case {"type": "map", "values": "string"}:
            return _MAP.format(to=to, at=at)
    raise SchemaError(f"the compiler does not know the type {kind}; see schemas/compiled.py")


def long(data: bytes, at: int) -> tuple[int, int]:
    """Read a long (zigzag, variable length); return it and where it ends."""
    n = data[at]
    at += 1
    if n & 0x80:
        n &= 0x7F
        shift = 7
        # Ten bytes hold 64 bits: an endless number ends here.
        while (more := data[at]) & 0x80 and shift < _LONG_BITS:
            n |= (more & 0x7F) << shift
            shift += 7
            at += 1
        n |= more << shift
        at += 1
        if n >> _LONG_BITS:
            raise ValueError("a number has more than 64 bits")
    return (n >> 1) ^ -(n & 1), at


def time(data: bytes, at: int, times: dict[bytes, int]) -> tuple[int, int]:
    """Read a long, and remember it where it has the eight bytes that times of our age have.

    No encoding begins with another one: bytes that begin like a known time are that time.
    """
    value, end = long(data, at)
    if end - at == _TIME_BYTES:
        times[data[at:end]] = value
    return value, end


def size(data: bytes, at: int) -> tuple[int, int]:
    """Read a long that counts something."""
    n, at = long(data, at)
    if n < 0:
        raise ValueError("a size is negative")
    return n, at


def text(data: bytes, at: int) -> tuple[str, int]:
    """Read a string of any length."""
    n = data[at]
    if n & 0x81:  # as in the compiled code
        n, at = size(data, at)
    else:
        n, at = n >> 1, at + 1
    return data[at : at + n].decode(), at + n


def texts(data: bytes, at: int) -> tuple[dict[str, str], int]:
    """Read a map of strings."""
    found = {}
    count, at = block(data, at)
    while count:
        for _ in range(count):
            key, at = text(data, at)
            found[key], at = text(data, at)
        count, at = block(data, at)
    return found, at


def block(data: bytes, at: int) -> tuple[int, int]:
    """Read how many items the next block of an array or map has; a negative count has a size."""
    count = data[at]
    if not count & 0x81:
        return count >> 1, at + 1
    count, at = long(data, at)
    if count < 0:
        _, at = size(data, at)
    return abs(count), at


def kept(
    data: bytes, first: int, at: int, event: dict[str, Any], names: tuple[str, ...]
) -> tuple[()] | tuple[bytes, dict[str, Any], int]:
    """Return what to remember of a run that was read: its bytes, its values, its length."""
    if not at - first <= _LONGEST_RUN or at > len(data):
        return ()
    values = {name: event[name] for name in names if event.get(name) is not None}
    return data[first:at], values, at - first
