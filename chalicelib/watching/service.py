"""A look at a city: what is wrong is told to its operators by mail, once, and each day while it lasts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.notices.repository import Mail, Mailer
from chalicelib.watching.model import HOUR_S, Memory, Trouble, troubles
from chalicelib.watching.repository import Memories, Signs

LATE_S = 60
"""How long a line of the log may take to appear."""

LONGEST_S = 6 * HOUR_S
"""After which a look no longer makes up what it missed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch of one city; `schedules` says how often each function is to run, in seconds."""

    signs: Signs
    memories: Memories
    mailer: Mailer
    city: str
    ops: str
    schedules: Mapping[str, int]

    def look(self, now: int) -> tuple[str, ...]:
        """See what happened since the last look, tell what is wrong, and return its names.

        The mail goes before it is remembered: a look that is interrupted tells twice rather than not at all.
        """
        end = now - LATE_S
        before = self.memories.recall() or Memory(end - HOUR_S)
        if end <= before.seen_until:
            return ()
        # A schedule that is watched for the first time is late when it does not run from now on.
        before = replace(before, ran={**dict.fromkeys(self.schedules, end), **before.ran})
        sight = self.signs.between(max(before.seen_until, end - LONGEST_S), end)
        seen = before.after(sight, end)
        wrong = troubles(sight, seen, self.schedules, end)
        due, memory = seen.telling(wrong, end)
        if due:
            self.mailer.send(self._letter(due), f"watch-{end}")
        self.memories.keep(memory)
        return tuple(each.name for each in wrong)

    def _letter(self, told: tuple[Trouble, ...]) -> Mail:
        lines = "".join(f"- {each.text}\n" for each in told)
        text = f"In the network of {self.city}:\n\n{lines}\nSee more: entraide status {self.city}\n"
        items = "".join(f"<li>{each.text}</li>" for each in told)
        more = f"<p>See more: entraide status {self.city}</p>"
        html = f"<p>In the network of {self.city}:</p><ul>{items}</ul>{more}"
        return Mail(self.ops, f"[{self.city}] {len(told)} to look at", text, html, None)
