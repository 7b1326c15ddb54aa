"""What people with bad intentions type, and how to see that it did no harm in HTML."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / "../shared/data/security_inputs"

FEW = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "{other_name} {0.__class__} %(title)s",
    "a\r\nBcc: everybody@example.org\r\n\r\n<p>b",
    "a\u2028-- \u2029b\x85c\x0bd",
    "\u202egnp.exe \u2066x\u2069",
    "</blockquote></div></body></html>",
    "&lt;b&gt; &amp; &#x3c;",
)


def naughty_strings() -> tuple[str, ...]:
    """Return our few and the big list, which is beside the project or not there at all."""
    path = DATA / "blns.json"
    if not path.exists():
        pytest.skip("the big list of naughty strings is not beside the project")
    return (*FEW, *json.loads(path.read_text()))


class Outline(HTMLParser):
    """The tags and attributes of a page in order, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data):
        self.tags.append(("comment", (data,)))

    def handle_data(self, data):
        self.text += data
