"""HTML read strictly into a tree: what is not closed, or closed twice, is an error."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "br", "link", "img", "hr", "input"})


@dataclass
class Element:
    """One element: its name, attributes and content in order."""

    name: str
    attributes: dict[str, str]
    content: list["Element | str"] = field(default_factory=list)

    def all(self, *names: str) -> list["Element"]:
        """Return the elements of these names within, in order."""
        return [element for element in self.walk() if element.name in names]

    def one(self, name: str) -> "Element":
        """Return the only element of this name within."""
        (found,) = self.all(name)
        return found

    def by_id(self, id_: str) -> "Element":
        """Return the only element of this id."""
        (found,) = [e for e in self.walk() if e.attributes.get("id") == id_]
        return found

    @property
    def text(self) -> str:
        """Every text within, words one space apart."""
        parts = [c if isinstance(c, str) else c.text for c in self.content]
        return " ".join(" ".join(parts).split())

    def walk(self) -> Iterator["Element"]:
        """Yield every element within, in order."""
        for child in self.content:
            if isinstance(child, Element):
                yield child
                yield from child.walk()


def parse(html: str) -> Element:
    """Read a page.

    Raises:
        AssertionError: the tags do not nest.
    """
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert len(builder.open) == 1, f"not closed: {[e.name for e in builder.open[1:]]}"
    return builder.open[0]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {self.get_starttag_text()}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)
