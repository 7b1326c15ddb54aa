"""What the network says to a person: messages by their code, in the reader's language.

Values that are text are put in as they are. Other values are put in words first: a number as the language
writes it, and what has a name in `_SPOKEN` as that kind of thing, so that `say("fr", "reason.distance",
distance=450)` is "À 450 m".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.wording.catalogue import languages_for, message, message_for
from chalicelib.wording.figures import show_distance, show_duration_hours, show_number, show_wait

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LONGEST_HEADER = 1024
_RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")


def say(language: str, code: str, **values: Any) -> str:
    """Return the message, in the default language when this one lacks it, or else the code itself."""
    return _said(language, lambda tongue: message(tongue, code), values) or code
