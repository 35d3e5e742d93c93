"""Reads HTML strictly, for tests of pages."""

import re
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


class _Loaded(HTMLParser):
    """Collects what a browser would fetch to show a page, however it nests."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.addresses, self.inside = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.inside = tag if tag in ("script", "style") else ""
        for name, value in attributes:
            if name == "srcdoc":
                self.addresses += _Loaded(value).addresses
            elif name == "style":
                self.in_style(value or "")
            elif name in ("src", "srcset", "poster", "data", "background", "xlink:href") or (
                    name == "href" and tag not in ("a", "area")):
                self.addresses.append(value)

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.in_style(data)
        elif self.inside == "script":
            self.addresses += re.findall(
                r"(?:fetch|import|importScripts|WebSocket|EventSource|open)\(\s*[^)]*:[^)]*\)", data)

    def in_style(self, text):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        self.addresses += re.findall(r"url\(\s*[\"']?([^\"')]*)", text)
        self.addresses += re.findall(r"@import\s+[\"']([^\"']*)", text)


def loaded(text):
    """The addresses that a browser fetches to show a page: neither what is in the page itself, nor
    where its links lead."""
    return [address for address in _Loaded(text).addresses
            if not (address or "").startswith(("data:", "#"))]


def alone(text):
    """A page that needs nothing else: it names no address but data and, within itself, itself."""
    page = Page(text)
    assert loaded(text) == []
    for address in page.addresses:
        assert address.startswith(("data:image/png;base64,", "#")), address
    for word in ("@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("):
        assert word not in text, word
    assert page.all("link") == [] and all("src" not in each for each in page.all("script"))
    return page
