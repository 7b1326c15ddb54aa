"""`entraide simulate`: a city lives for some months before it opens, and engines are compared in it."""

from dataclasses import asdict
from pathlib import Path

import click

from chalicelib.people.model import ASKS_PER_SEASON
from infra.ops import cityfile
from infra.ops.say import NOTHING_DONE, Say, spoken
from infra.simulate.comparing import DATA, imagined, simulate, write_drawings
from infra.simulate.report import report
from infra.simulate.running import ENGINES
from infra.simulate.world import Size

_WHOLE = click.IntRange(1)


@click.command("simulate")
@click.argument("slug")
@click.option("--days", type=_WHOLE, default=Size().days, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another city.")
@click.option("--residents", type=_WHOLE, default=Size().residents, show_default=True)
@click.option("--needs", type=_WHOLE, default=Size().needs, show_default=True)
@click.option(
    "--engine", "engines", type=click.Choice(ENGINES), multiple=True, help="Only this; may be repeated."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where drawings (SVG) go.")
@click.option("--tireless", is_flag=True, help="Nobody tires of being asked.")
@click.option(
    "--asks-per-season",
    type=_WHOLE,
    default=ASKS_PER_SEASON,
    show_default=True,
    help="The limit that every helper keeps.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    show_default="beside the project",
    help="Recorded habits.",
)
@spoken
def simulate_city(
    say: Say,
    slug: str,
    days: int,
    seed: int,
    residents: int,
    needs: int,
    engines: tuple[str, ...],
    out: Path | None,
    data: Path,
    tireless: bool,
    asks_per_season: int,
) -> None:
    """Let a city live with its own settings, and say what came of its needs, by us and by others.

    Nothing is asked of AWS. docs/simulation.md says how to read it.
    """
    city = cityfile.load(slug)
    tried = imagined(
        city,
        Size(residents, needs, days),
        seed=seed,
        data=data,
        tireless=tireless,
        asks_per_season=asks_per_season,
    )
    say.state = NOTHING_DONE
    shown = simulate(tried, engines or ENGINES)
    if out is not None:
        write_drawings(out, tried, shown)
    came = {engine: each for engine, (_, each) in shown.items()}
    drawn = [f"Drawings are in {out}."] if out is not None else []
    say.end(
        {"city": slug, "seed": seed, "engines": {engine: asdict(each) for engine, each in came.items()}},
        report(tried, came),
        *drawn,
        then=f"entraide plan {slug}",
    )
