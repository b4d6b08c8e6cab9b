"""HTML as a browser reads it: what stands in which element, strictly nested."""

from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
SVG_EMPTY = frozenset("line rect circle path polyline polygon".split())


class Reader(HTMLParser):
    """elements : (tag, attributes) in order.  texts : what is shown.  wrong : ends without beginnings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(html: str) -> Reader:
    """The page, read; it is well nested."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.wrong, reader.wrong[:5]
    return reader


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    return next(str(a["value"]) for a in read(html).all("input") if a.get("name") == name and a.get("type") == "hidden")
