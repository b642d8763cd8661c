"""Draw a Vega-Lite specification as SVG that belongs into a page: small, inert, described."""

import re
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from infra.report.text import holdable

_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_DRAWN = frozenset({"bar", "point", "tick"})
"""What Vega calls the marks that carry an amount."""


def drawing(spec: dict[str, Any], caption: str) -> Markup:
    """Return a chart as one `<svg>` element.

    Assistive technology sees one picture, described by its caption; the page's tables hold the
    numbers. For a mouse, each mark keeps its text as a title.

    Args:
        spec: Vega-Lite 6, with its data inside.
        caption: the id of the element that describes the drawing.
    """
    # Loaded by the first chart: the renderer is large.
    import vl_convert

    # An empty list: nothing is ever fetched.
    svg = vl_convert.vegalite_to_svg(_holdable(spec), vl_version="6.4", allowed_base_urls=[])
    root = ElementTree.fromstring(svg)
    _tidy(root)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": caption,
    }
    # Every text was escaped by the serializer.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _holdable(value: Any) -> Any:
    """Mend every text of a specification: one odd character, and the renderer ends the process."""
    if isinstance(value, str):
        return holdable(value)
    if isinstance(value, dict):
        return {name: _holdable(child) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [_holdable(child) for child in value]
    return value


def _tidy(element: ElementTree.Element) -> None:
    """Drop what a picture in a page does not need: namespaces, roles, empty shapes, long digits."""
    element.tag = element.tag.rpartition("}")[2]
    if element.attrib.get("aria-roledescription") in _DRAWN:
        title = ElementTree.Element("title")
        title.text = element.attrib.get("aria-label")
        element.append(title)
    for name in ("role", "aria-label", "aria-roledescription", "aria-hidden", "pointer-events"):
        element.attrib.pop(name, None)
    element.attrib.pop("class", None)
    for name in ("d", "transform", "x2", "y2"):
        if name in element.attrib:
            element.attrib[name] = _NUMBER.sub(
                lambda found: f"{float(found[0]):.2f}", element.attrib[name]
            )
    for child in list(element):
        _tidy(child)
        if child.tag == "path" and child.attrib.get("d", "") in ("", "M0,0h0v0h0Z"):
            element.remove(child)
