"""Charges and tags that tell what a rule reads of them.

Each looks like the value it stands for: of its type, with its methods and its answers. As a tuple
or a dict it holds nothing, so that a read which goes around the methods finds nothing to decide by.
"""

from collections.abc import Callable
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
_TAG_METHODS = set(dir(dict)) - _OF_THE_TYPE - {"__getitem__", "__contains__", "get", "fromkeys"}


def charge_type(field: Callable[[str], property | None], whole: Callable[..., Any]) -> type[Charge]:
    """Make a kind of charge.

    Args:
        field: returns the property that stands for a field, or None to leave it as it is.
        whole: stands for each method that reads all fields: it is given the method's name, the
            charge, and the method's arguments.
    """
    body: dict[str, Any] = {name: p for name in Charge._fields if (p := field(name)) is not None}
    body |= {name: _method(name, whole) for name in _CHARGE_METHODS}
    return type("Charge", (Charge,), {**body, "__module__": Charge.__module__})


class WatchedTags(dict[str, str]):
    """Tags that tell which keys a rule asks for.

    `get`, `[key]` and `in` read a key, `bool` reads whether there is any tag, all else everything.
    """

    def __init__(self, tags: dict[str, str], key: Seen, other: Seen) -> None:
        """Stand for `tags`: `key` is told a key, `other` is told `ANY_TAGS` or `EVERYTHING`."""
        super().__init__()
        self._tags, self._key, self._other = tags, key, other

    def __bool__(self) -> bool:
        self._other(ANY_TAGS)
        return bool(self._tags)

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


for _name in _TAG_METHODS:
    setattr(WatchedTags, _name, _method(_name, _whole_tags))
