"""Charges and tags that tell what a rule reads of them.

Each looks like the value it stands for: of its type, with its methods and its answers. As a tuple
or a dict it holds nothing, so that a read which goes around the methods finds nothing to decide by.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from rules.charge import Charge

Seen: TypeAlias = Callable[[str], None]
"""Is told the name of what is read, before it is."""

EVERYTHING: Final = "*"
"""All fields at once: by position, iteration, comparison, copy or as a text."""
ANY_TAGS: Final = "?"
"""Only whether there are tags at all: `if charge.tags`."""


class _Hollow:
    """Stands where nothing may be read; to compare it, to hash it or to convert it is an error."""

    __slots__ = ()

    def _refuse(self, *_: object) -> Any:
        raise TypeError("a rule read a charge around its fields")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __str__ = __repr__ = __format__ = __getattr__ = _refuse
    __len__ = __iter__ = __getitem__ = __contains__ = __int__ = __float__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse


HOLLOW: Final[Any] = _Hollow()
"""What a watched charge holds, as a tuple, in place of its values."""

_OF_THE_TYPE = {
    *("__class__", "__new__", "__init__", "__init_subclass__", "__subclasshook__", "__dir__"),
    *("__getattribute__", "__setattr__", "__delattr__", "__doc__", "__class_getitem__"),
}
_CHARGE_METHODS = {"_replace", "_asdict", *dir(tuple)} - _OF_THE_TYPE
TAG_METHODS = set(dir(dict)) - _OF_THE_TYPE - {"__getitem__", "__contains__", "get", "fromkeys"}
"""Methods of tags that read all of them."""


class WatchedCharge(Charge):
    """A charge that asks others for what a rule reads of it.

    `_read` is given a field's name and returns its value. `_whole` stands for each method that
    reads all fields: it is given the method's name and arguments, and returns the answer.
    """

    _read: Callable[[str], Any]
    _whole: Callable[..., Any]


def watched(read: Callable[[str], Any], whole: Callable[..., Any]) -> Charge:
    """Return a charge of which every read goes through `read` or `whole`."""
    charge = tuple.__new__(WatchedCharge, (HOLLOW,) * len(Charge._fields))
    charge._read, charge._whole = read, whole
    return charge


def narrow_type(fields: Collection[str], other: Seen) -> type[Charge]:
    """Make a kind of charge that has some fields, at the usual speed, and no others.

    Args:
        fields: those it has.
        other: is told the name of another field that is read, or `EVERYTHING`; has to raise.
    """

    def absent(name: str) -> property:
        return property(lambda _: other(name))

    body: dict[str, Any] = {name: absent(name) for name in Charge._fields if name not in fields}
    body |= {name: _method(name, lambda *_, **__: other(EVERYTHING)) for name in _CHARGE_METHODS}
    return type("Charge", (Charge,), {**body, "__module__": Charge.__module__})


class WatchedTags(dict[str, str]):
    """Tags that tell which keys a rule asks for.

    `get`, `[key]` and `in` read a key, `bool` reads whether there is any tag, all else everything.
    """

    def __init__(
        self, tags: Mapping[str, str], key: Seen, other: Seen, any_: bool | None = None
    ) -> None:
        """Stand for `tags`: `key` is told a key, `other` is told `ANY_TAGS` or `EVERYTHING`.

        `any_` tells whether there is any tag, where `tags` are not all.
        """
        super().__init__()
        self._tags, self._key, self._other = tags, key, other
        self._any = bool(tags) if any_ is None else any_

    def __bool__(self) -> bool:
        self._other(ANY_TAGS)
        return self._any

    def __getitem__(self, key: str) -> str:
        self._ask(key)
        return self._tags[key]

    def __contains__(self, key: object) -> bool:
        self._ask(key)
        return key in self._tags

    def get(self, key: str, default: Any = None) -> Any:
        """Return a tag's value, or the default."""
        self._ask(key)
        return self._tags.get(key, default)

    def _ask(self, key: object) -> None:
        if type(key) is str:
            self._key(key)
        else:
            self._other(EVERYTHING)


def _method(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        return whole(name, self, *args, **named)

    method.__name__ = name
    return method


def _whole_tags(name: str, tags: WatchedTags, *args: Any, **named: Any) -> Any:
    tags._other(EVERYTHING)
    return getattr(tags._tags, name)(*args, **named)


def _whole_charge(name: str, charge: WatchedCharge, *args: Any, **named: Any) -> Any:
    return charge._whole(name, *args, **named)


def _field(name: str) -> property:
    return property(lambda charge: charge._read(name))


for _name in TAG_METHODS:
    setattr(WatchedTags, _name, _method(_name, _whole_tags))
for _name in _CHARGE_METHODS:
    setattr(WatchedCharge, _name, _method(_name, _whole_charge))
for _name in Charge._fields:
    setattr(WatchedCharge, _name, _field(_name))
WatchedCharge.__name__ = WatchedCharge.__qualname__ = Charge.__name__
WatchedCharge.__module__ = Charge.__module__
