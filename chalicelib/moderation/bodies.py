"""What is said to and by the moderation's routes."""

from chalicelib.api.bodies import Body, Prose
from chalicelib.listings.bodies import OwnListingShown, OwnListingsShown

__all__ = ["OwnListingShown", "OwnListingsShown", "RefuseBody"]


class RefuseBody(Body):
    """Why a moderator refuses a listing; its author is told."""

    reason: Prose
