"""Plain SVG: a frame with axes, and marks in it.

The colours can be told apart by those who see few (Okabe and Ito 2008).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, PALE = "#222222", "#d9d9d9"
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 55
TICKS = 5


@dataclass(slots=True)
class Chart:
    """A chart from (0, 0) to (`most_x`, `most_y`). Marks are drawn in the order they are added."""

    title: str
    x: str
    y: str
    most_x: float
    most_y: float
    marks: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def line(self, name: str, points: Sequence[tuple[float, float]]) -> None:
        colour = self._named(name)
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        self.marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')

    def bar(self, name: str, x: float, width: float, y: float, says: str) -> None:
        colour, top = self._named(name), self._y(y)
        left, wide = self._x(x), self._x(x + width) - self._x(x)
        high = HEIGHT - BOTTOM - top
        self.marks.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{colour}"/>'
        )
        self.marks.append(_text(left + wide / 2, top - 5, says, anchor="middle"))

    def drawn(self) -> str:
        """Return the chart as an SVG document."""
        frame = [*self._ticks_x(), *self._ticks_y(), *self.marks, *self._legend()]
        side = _text(18, HEIGHT / 2, self.y, anchor="middle")
        labels = [
            _text(LEFT, 26, self.title, size=16),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, self.x, anchor="middle"),
            f'<g transform="rotate(-90 18 {HEIGHT / 2})">{side}</g>',
        ]
        body = "\n".join(frame + labels)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}" font-family="sans-serif">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
        )

    def _named(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return COLOURS[self.names.index(name) % len(COLOURS)]

    def _x(self, x: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * x / self.most_x

    def _y(self, y: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / self.most_y

    def _ticks_x(self) -> list[str]:
        if not self.x:
            return []
        at = [self.most_x * tick / TICKS for tick in range(TICKS + 1)]
        return [_text(self._x(x), HEIGHT - BOTTOM + 18, f"{x:g}", anchor="middle") for x in at]

    def _ticks_y(self) -> list[str]:
        found = []
        for tick in range(TICKS + 1):
            y = self.most_y * tick / TICKS
            found.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self._y(y):.1f}" y2="{self._y(y):.1f}" '
                f'stroke="{INK if tick == 0 else PALE}"/>'
            )
            found.append(_text(LEFT - 8, self._y(y) + 4, f"{y:g}", anchor="end"))
        return found

    def _legend(self) -> list[str]:
        found = []
        for number, name in enumerate(self.names):
            y = TOP + 20 * number
            found.append(
                f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 10}" width="12" height="12" '
                f'fill="{COLOURS[number % len(COLOURS)]}"/>'
            )
            found.append(_text(WIDTH - RIGHT + 32, y, name))
        return found


def _text(x: float, y: float, said: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{INK}" '
        f'text-anchor="{anchor}">{escape(said)}</text>'
    )
