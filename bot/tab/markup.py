"""HTML as a tree, so that nothing anybody wrote is ever taken for markup."""

from xml.etree import ElementTree as ET

Node = ET.Element
Child = Node | str | None
Value = str | int | float | bool | None


def node(tag: str, *children: Child, **attributes: Value) -> Node:
    """Return an element; class_ is class, and aria_label is aria-label. What is None or False is left out."""
    made = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            made.set(name.rstrip("_").replace("_", "-"), "" if value is True else str(value))
    for child in children:
        _append(made, child)
    return made


def text(made: Node) -> str:
    """Return the element as HTML."""
    return ET.tostring(made, encoding="unicode", method="html")


def _append(made: Node, child: Child) -> None:
    if isinstance(child, Node):
        made.append(child)
    elif child and len(made):
        made[-1].tail = f"{made[-1].tail or ''}{child}"
    elif child:
        made.text = f"{made.text or ''}{child}"
