"""Places over HTTP: which addresses a text may mean."""

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Operation, Parameter, operation
from chalicelib.api.reading import checked, one, only_known
from chalicelib.api.shown import show_cell
from chalicelib.errors import Fault

routes = Blueprint(__name__)

MOST_TEXT = 200


@operation(
    routes,
    Operation(
        "places",
        "suggest_addresses",
        "GET",
        "/v1/addresses",
        "resident",
        "Read which addresses of the city a text may mean",
        parameters=(
            Parameter(
                "q",
                "The text typed",
                {"type": "string", "minLength": 3, "maxLength": MOST_TEXT},
                required=True,
            ),
        ),
        answers={200: "AddressesShown"},
        problems=(422,),
    ),
)
def suggest_addresses(call: Call) -> Answer:
    from chalicelib.places.service import suggest

    faults: list[Fault] = []
    only_known(call.query, frozenset({"q"}), faults)
    text = (one(call.query, "q", faults) or "").strip()
    if "q" not in call.query:
        faults.append(Fault("/q", "missing"))
    elif len(text) < 3:  # noqa: PLR2004
        faults.append(Fault("/q", "string_too_short", {"min_length": 3}))
    elif len(text) > MOST_TEXT:
        faults.append(Fault("/q", "string_too_long", {"max_length": MOST_TEXT}))
    checked(faults)
    found = suggest(call.house.address_book, text, cell_m=call.house.city.cell_m)
    return Answer({"addresses": [{"label": each.label, "cell": show_cell(each.cell)} for each in found]})
