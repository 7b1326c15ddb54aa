"""What is wrong with a city's file, in words."""

from collections.abc import Iterable

from chalicelib.errors import Fault

_WORDS = {
    "required": "is missing",
    "unknown": "is not a member of a city's file",
    "wrong_type": "must be a {wanted}",
    "empty": "holds nothing",
    "repeated": "is in the list already",
    "too_long": "is longer than {longest} characters",
    "not_plain_text": "has spaces at an end or characters that do not print",
    "wrong_form": "has not the form asked for",
    "out_of_range": "must be from {least} to {most}",
    "not_allowed": "must be one of {allowed}",
    "wrong_for_the_level": "has no code for the level {level}",
    "unknown_time_zone": "is no time zone of the IANA database",
    "ring_short": "is a ring of fewer than {least} positions",
    "ring_open": "is a ring whose last position is not its first",
    "outside_the_outline": "is outside the outline: latitude and longitude may have changed places",
    "not_before_the_end": "must be less than the shortest lifetime, {shortest_lifetime_days} days",
    "not_the_file_name": "must be the name of the file, {file}",
    "key_repeated": "has keys twice: {keys}",
    "not_a_json_number": "holds {found}, which JSON has not",
    "not_json": "is not JSON: {why}",
}


def words(fault: Fault) -> str:
    values = {
        name: ", ".join(map(str, value)) if isinstance(value, tuple) else value
        for name, value in fault.values.items()
    }
    return _WORDS[fault.code].format(**values) if fault.code in _WORDS else f"{fault.code} {values}"


def told(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Return each fault as where, code and words."""
    return [{"pointer": each.pointer or "/", "code": each.code, "words": words(each)} for each in faults]
