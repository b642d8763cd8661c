"""A writer of one record schema, compiled to Python: what is sent is encoded fast.

fastavro walks the schema for every value; here it was walked once. A bill says the same few texts
again and again, so their encodings are remembered. The bytes are fastavro's, byte for byte.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from schemas.errors import SchemaError

Writer: TypeAlias = Callable[[Mapping[str, Any]], bytes]
"""Encodes one record. Raises AttributeError, TypeError or KeyError for a value of another type."""

_KEPT = 65_536
"""Encodings remembered; the next one forgets them all."""
_LONGEST_KEPT = 256
"""Characters of a text worth remembering."""

_WRITER = """\
def write(event):
    if len(texts) > {most} or len(plain) > {most}:
        texts.clear()
        plain.clear()
        longs.clear()
    get = event.get
    return b"".join((
{values}
    ))
"""
_OPTIONAL_TEXT = '(b"\\0" if (v := get({name!r})) is None else texts.get(v) or optional(v)),'
_TEXT = "plain.get(v := event[{name!r}]) or text(v),"
_LONG = "longs.get(v := event[{name!r}]) or long(v),"
_OPTIONAL_MAP = '(b"\\0" if (v := get({name!r})) is None else map_of(v)),'


def compile_writer(fields: Sequence[Mapping[str, Any]]) -> Writer:
    """Compile the fields of a record.

    Times are given as integers, whatever their logical type.

    Raises:
        SchemaError: a field has a type the compiler does not know.
    """
    values = "\n".join(f"        {_value(f).format(name=f['name'])}" for f in fields)
    memory = _Memory()
    names: dict[str, Any] = {
        "texts": memory.texts,
        "plain": memory.plain,
        "longs": memory.longs,
        "optional": memory.optional,
        "text": memory.text,
        "long": memory.long,
        "map_of": memory.optional_map,
    }
    exec(compile(_WRITER.format(values=values, most=_KEPT), "<writer of events>", "exec"), names)
    write: Writer = names["write"]
    return write


def _value(field: Mapping[str, Any]) -> str:
    match field["type"]:
        case "string" | {"type": "string"}:
            return _TEXT
        case "long" | {"type": "long"}:
            return _LONG
        case ["null", "string"] | ["null", {"type": "string"}]:
            return _OPTIONAL_TEXT
        case ["null", {"type": "map", "values": "string"}]:
            return _OPTIONAL_MAP
    raise SchemaError(
        f"the compiler does not know the type of {field['name']}; see schemas/compiled_writer.py"
    )


class _Memory:
    """Encodings of values that were seen."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.plain: dict[str, bytes] = {}
        self.longs: dict[int, bytes] = {}

    def optional(self, value: str) -> bytes:
        """Encode a text as the second branch of a union with null."""
        encoded = b"\x02" + self.text(value)
        if len(value) <= _LONGEST_KEPT:
            self.texts[value] = encoded
        return encoded

    def text(self, value: str) -> bytes:
        """Encode a text."""
        encoded = value.encode()
        encoded = long(len(encoded)) + encoded
        if len(value) <= _LONGEST_KEPT:
            self.plain[value] = encoded
        return encoded

    def optional_map(self, value: Mapping[str, str]) -> bytes:
        """Encode a map of texts as the second branch of a union with null: one block."""
        if not value:
            return b"\x02\x00"
        known, text = self.plain.get, self.text
        items = [known(one) or text(one) for pair in value.items() for one in pair]
        return b"".join((b"\x02", long(len(value)), *items, b"\x00"))

    def long(self, value: int) -> bytes:
        """Encode a long."""
        if len(self.longs) <= _KEPT:
            self.longs[value] = encoded = long(value)
            return encoded
        return long(value)


def long(value: int) -> bytes:
    """Encode a long (zigzag, variable length)."""
    rest = value << 1 if value >= 0 else (-value << 1) - 1
    if rest <= 0x7F:
        return bytes((rest,))
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)
