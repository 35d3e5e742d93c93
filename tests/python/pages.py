"""Reads HTML strictly, for tests of pages."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """A page: its elements, the addresses that it names, its text; what does not nest raises."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.addresses, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        for name, value in attributes:
            assert not name.startswith("on"), f"{tag} has {name}"
            if name in ("src", "href", "action", "data", "poster", "srcset"):
                self.addresses.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)

    def all(self, tag):
        """The attributes of every such element."""
        return [attributes for each, attributes in self.elements if each == tag]


def alone(text):
    """A page that needs nothing else: it names no address but data and, within itself, itself."""
    page = Page(text)
    for address in page.addresses:
        assert address.startswith(("data:image/png;base64,", "#")), address
    for word in ("@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("):
        assert word not in text, word
    assert page.all("link") == [] and all("src" not in each for each in page.all("script"))
    return page
