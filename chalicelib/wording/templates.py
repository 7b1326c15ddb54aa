"""Templates, filled: what goes into HTML is escaped, always."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def fill_template(folder: Path, name: str, **values: Any) -> str:
    """Return the template of the folder with its values; one that is missing is an error."""
    return _environment(folder).get_template(name).render(values)


@lru_cache(maxsize=4)
def _environment(folder: Path) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (44 ms)

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=_is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _is_html(name: str | None) -> bool:
    """Return whether to escape: all but plain text."""
    return name is None or not name.endswith(".txt")
