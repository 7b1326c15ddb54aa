"""What a search may choose among and how much it may ask for: `reading` reads it, `routes` tells it."""

MOST = 100
MOST_TEXT = 200
MOST_RADIUS_M = 300_000
KINDS = ("need", "offer")
ORDERS = ("distance", "newest", "ending", "relevance")
STATES = ("open", "matched")
