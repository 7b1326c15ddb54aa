"""`entraide cost`: what a month of a city costs, idle, at the load the network had, and at ten times that."""

from typing import Any

import click
from rich.text import Text

from infra.ops import cityfile
from infra.ops.bill import Bill, add, bill, busy, hourly, idle, load, prices
from infra.ops.say import Say, spoken, table
from infra.stack.package import PYTHON
from infra.stack.template import city_template


@click.command("cost")
@click.argument("slug", required=False)
@click.option("--residents", type=click.IntRange(1), help="So many, instead of the load the network had.")
@click.option("--full-watch", is_flag=True, help="With all alarms, as --full-watch of deploy makes them.")
@spoken
def cost(say: Say, slug: str | None, residents: int | None, full_watch: bool) -> None:
    """Say what a month of a city costs. Worked out from measured units and dated prices, without AWS."""
    if slug:
        cityfile.load(slug)
    template = city_template(PYTHON, "arm64")
    seed = load()["seed"]
    people = residents or round(seed["residents"] / seed["territories"])
    still = idle(template, full_watch=full_watch)
    bills = {"nobody": bill(still)}
    for times in (1, 10):
        used = dict(still)
        add(used, busy(template, people * times))
        bills[f"{people * times:,} residents"] = bill(used)
    data = {
        "city": slug,
        "prices_of": prices()["noted"],
        "region": prices()["region"],
        "months": {name: _data(each) for name, each in bills.items()},
        "by_the_hour": hourly(template),
    }
    then = f"entraide status {slug}, for what this month came to" if slug else "entraide cost --residents N"
    say.end(data, _shown(bills), *_words(bills, seed, residents), then=then)


def _shown(bills: dict[str, Bill]) -> Any:
    shown = table("a month, USD", *bills)
    names = {line.what: max(line.usd, 0) for each in bills.values() for line in each.lines}
    for what in sorted(names, key=lambda name: -names[name]):
        cells = [
            next((f"{line.usd:.4f}" for line in each.lines if line.what == what), "")
            for each in bills.values()
        ]
        source = prices()["prices"][what]["source"]
        shown.add_row(what + ("" if source == "listed" else " *"), *cells)
    shown.add_row(Text("USD", "bold"), *(Text(f"{each.usd:.2f}", "bold") for each in bills.values()))
    shown.add_row(Text("EUR", "bold"), *(Text(f"{each.eur:.2f}", "bold") for each in bills.values()))
    return shown


def _words(bills: dict[str, Bill], seed: dict[str, Any], residents: int | None) -> list[str]:
    said = prices()
    words = [
        f"Prices of {said['noted']} for {said['region']}, {said['currency']}. * {said['sources']['known']}.",
        "What a resident does is assumed (infra/ops/load.json), each use is measured (units.json).",
    ]
    if residents is None:
        _, one, ten = bills.values()
        total, tenfold = one.usd * seed["territories"], ten.usd * seed["territories"]
        words.insert(
            0,
            f"All {seed['territories']} territories, {seed['residents']:,} residents: "
            f"{total:.2f} USD a month; at ten times that, {tenfold:.2f}.",
        )
    return words


def _data(one: Bill) -> dict[str, Any]:
    lines = {
        line.what: {"quantity": round(line.quantity, 6), "usd": round(line.usd, 6)} for line in one.lines
    }
    return {"usd": round(one.usd, 4), "eur": round(one.eur, 4), "lines": lines}
