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
    from jinja2 import (  # noqa: PLC0415 (44 ms, paid by who writes a letter or a page)
        Environment,
        FileSystemLoader,
        StrictUndefined,
        select_autoescape,
    )

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
