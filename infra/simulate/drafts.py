"""What residents write when they post, as far as a network lets them say it."""

from chalicelib.listings.card import Urgency
from chalicelib.listings.model import Draft
from chalicelib.listings.windows import Windows
from chalicelib.places.model import Place
from infra.simulate.network import FARTHEST_M, Rules
from infra.simulate.world import NeedPlan, OfferPlan, Resident


def offered(plan: OfferPlan, author: Resident, rules: Rules) -> Draft:
    return _draft(plan, author, rules, capacity=plan.places, urgency="normal", needed_by=None)


def needed(plan: NeedPlan, author: Resident, rules: Rules) -> Draft:
    return _draft(plan, author, rules, capacity=plan.wants, urgency=plan.urgency, needed_by=plan.needed_by)


def _draft(
    plan: OfferPlan | NeedPlan,
    author: Resident,
    rules: Rules,
    *,
    capacity: int,
    urgency: Urgency,
    needed_by: int | None,
) -> Draft:
    """Return what an author can say of a plan in a network with these rules."""
    return Draft(
        category=plan.category,
        title=plan.category,
        text="",
        place=Place(author.home, ""),
        reach_m=plan.reach_m if rules.reach else FARTHEST_M,
        windows=plan.windows if rules.windows else Windows(),
        capacity=capacity,
        languages=author.languages,
        urgency=urgency,
        on_behalf=None,
        needed_by=needed_by,
    )
