"""The application: blueprints and schedules, nothing else."""

from typing import Any

from chalice import Chalice, Rate

from chalicelib import wiring
from chalicelib.api.routes import routes as documents
from chalicelib.asking.routes import routes as asking
from chalicelib.board.routes import routes as board
from chalicelib.coordination.routes import routes as coordination
from chalicelib.listings.routes import routes as listings
from chalicelib.matching.routes import routes as matching
from chalicelib.moderation.routes import routes as moderation
from chalicelib.observability import logged
from chalicelib.pages.routes import routes as pages
from chalicelib.people.routes import routes as people
from chalicelib.places.routes import routes as places

app = Chalice(app_name="entraide")
for blueprint in (
    people,
    places,
    listings,
    moderation,
    board,
    matching,
    coordination,
    asking,
    documents,
    pages,
):
    app.register_blueprint(blueprint)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def send_notices(_event: Any) -> None:
    house = wiring.house()
    logged("send_notices", lambda: house.dispatcher.send_due(house.now()))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def expire_listings(_event: Any) -> None:
    house = wiring.house()
    logged("expire_listings", lambda: house.publishing.expire_due(house.now()))


@app.schedule(Rate(1, unit=Rate.HOURS))
def remind_authors(_event: Any) -> None:
    house = wiring.house()
    logged("remind_authors", lambda: house.publishing.remind_due(house.now()))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def tend_matches(_event: Any) -> None:
    house = wiring.house()
    logged("tend_matches", lambda: house.matching.tend_due(house.now()))


@app.schedule(Rate(2, unit=Rate.MINUTES))
def ask_helpers(_event: Any) -> None:
    house = wiring.house()
    logged("ask_helpers", lambda: house.asking.ask_due(house.now()))


@app.schedule(Rate(1, unit=Rate.HOURS))
def assign_helpers(_event: Any) -> None:
    house = wiring.house()
    logged("assign_helpers", lambda: house.asking.assign(house.now()))


@app.schedule(Rate(15, unit=Rate.MINUTES))
def rebuild_board(_event: Any) -> None:
    house = wiring.house()
    logged("rebuild_board", lambda: house.board.save_snapshot(house.now()))


@app.schedule(Rate(1, unit=Rate.HOURS))
def purge(_event: Any) -> None:
    house = wiring.house()
    logged("purge_listings", lambda: house.publishing.purge_due(house.now()))
    logged("purge_matches", lambda: house.matching.purge_due(house.now()))
    logged("purge_askings", lambda: house.asking.purge_due(house.now()))
    logged("purge_notices", lambda: house.dispatcher.purge(house.now()))


@app.on_cw_event({"source": ["aws.ses"]})
def mail_events(event: Any) -> None:
    from chalicelib.notices.events import read_event
    from chalicelib.people.service import take_mail_event

    house = wiring.house()
    said = read_event(event.to_dict())
    logged(
        f"mail_{said.kind if said else 'unheard'}",
        lambda: take_mail_event(house.people, house.dispatcher, said, house.now()),
    )


@app.lambda_function()
def watch_city(_event: Any, _context: Any) -> None:
    house = wiring.house()
    logged("watch_city", lambda: house.watch.look(house.now()))
