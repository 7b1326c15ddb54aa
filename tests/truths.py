"""What is always true of a network, whatever was done in it."""

from collections import Counter

from chalicelib.board.model import Query, Where
from chalicelib.listings import model as listings
from chalicelib.listings.rows import read_listing
from chalicelib.matching import model as matches
from chalicelib.matching.dynamodb import _match
from chalicelib.notices import model as notices
from chalicelib.notices.dynamodb import _notice
from chalicelib.people.dynamodb import read_person
from chalicelib.people.model import SEASON_S, WEEK_S, asked_within, kept_apart

MOVES = {"listings": listings.MOVES, "matches": matches.MOVES, "notices": notices.MOVES}
READ = {"listings": read_listing, "matches": _match, "notices": _notice, "people": read_person}
FACTS = {
    "match_accepted": {(state, "accepted"): 2 for state in ("proposed", "lapsed", "agreed")},
    "match_agreed": {("proposed", "agreed"): 2, ("lapsed", "agreed"): 2},
    "match_refused": {("agreed", "refused"): 2},
    "match_declined": {("proposed", "declined"): 1},
    "match_cancelled": {(state, "cancelled"): 1 for state in ("proposed", "queued", "agreed", "accepted")},
    "match_lapsed": {("proposed", "lapsed"): 1},
    "place_free": {("queued", "proposed"): 1},
}
"""The mails of a match: after which move each is owed, and to how many; a helper leaves a queue quietly."""
MET = ("proposed", "agreed", "accepted")
"""What no match may become across a block."""


class Truths:
    """Holds a network to them. `house` is its house, `clock` its clock."""

    def begin(self):
        self.seen, self.read = {}, {}
        self.became = Counter()
        self.left_quietly = 0

    def what_is_left_and_what_is_taken_are_the_capacity(self):
        taken = Counter()
        for match in self.all("matches"):
            if match.state in matches.TAKING:
                taken.update((match.need, match.offer))
        forgot = self.forgot_a_match()
        for listing in self.all("listings"):
            assert 0 <= listing.left <= listing.draft.capacity
            if not forgot:
                assert listing.left + taken[listing.id] == listing.draft.capacity

    def the_board_shows_what_stands_and_nothing_else(self):
        zone = self.house.city.zone
        everything = Query(Where(state=None), limit=1_000)
        page = self.house.board.search(everything, self.clock.now)
        stands = {listing.id: listing for listing in self.all("listings") if self.stands(listing)}
        assert {hit.card.id for hit in page.hits} == stands.keys()
        assert page.total == len(stands)
        for hit in page.hits:
            card = stands[hit.card.id].card(zone)
            for name in ("version", "kind", "author", "category", "cell", "capacity", "left", "expires_at"):
                assert getattr(hit.card, name) == getattr(card, name), name

    def versions_only_grow_and_states_move_as_they_may(self):
        for noun, moves in MOVES.items():
            for thing in self.all(noun):
                born = "proposed" if noun == "matches" else thing.state
                state, version = self.seen.get((noun, thing.id), (born, 1))
                assert thing.version >= version
                new = (noun, thing.id) not in self.seen or thing.state != state
                if noun == "matches" and new and thing.state in MET:
                    assert not kept_apart(*self.house.people.get_many([thing.seeker, thing.helper]))
                if thing.version == version:
                    assert thing.state == state
                elif thing.state != state:
                    assert thing.state in reachable(moves, state), (noun, state, thing.state)
                    if noun == "matches":
                        self.became[state, thing.state] += 1
                self.seen[noun, thing.id] = thing.state, thing.version

    def every_fact_has_its_mails_and_each_is_sent_once(self):
        sent = Counter(notice_id for _, notice_id in self.house.mailer.mails)
        assert all(count == 1 for count in sent.values())
        notices = self.all("notices")
        assert {each.id for each in notices if each.state == "sent"} == sent.keys()
        carried = {each.id: each.carried_by for each in notices if each.state == "carried"}
        assert carried == {one: each.id for each in notices for one in each.carries}
        owed = Counter(each.template for each in notices)
        for template, moves in FACTS.items():
            wanted = sum(each * self.became[move] for move, each in moves.items())
            assert owed[template] == wanted - (template == "match_cancelled") * self.left_quietly, template
        ends = Counter(
            (each.template, each.subject, each.values["expires_at"])
            for each in notices
            if each.template in ("listing_ending", "listing_expired")
        )
        assert all(count == 1 for count in ends.values())

    def nobody_is_asked_more_often_than_they_chose(self):
        for person in self.all("people"):
            now = self.clock.now
            assert len(asked_within(WEEK_S, person, now)) <= person.asks_per_week
            assert len(asked_within(SEASON_S, person, now)) <= person.asks_per_season

    def nobody_waits_in_vain(self):
        """After a day with its rounds a free place is promised to somebody, if there is who can come."""
        for need in filter(self.stands, self.all("listings")):
            mine = [match for match in self.all("matches") if match.need == need.id]
            waiting = [match for match in mine if match.state == "queued" and self.can_come(match)]
            called = [match for match in mine if match.state == "proposed" and match.calls]
            assert called or not waiting or not need.left

    def can_come(self, match):
        offer = self.house.publishing.listings.get(match.offer)
        seeker, helper = self.house.people.get_many([match.seeker, match.helper])
        return offer and self.stands(offer) and offer.left > 0 and not kept_apart(seeker, helper)

    def forgot_a_match(self):
        """Say whether a match that took a place is purged: its listings went before or go soon."""
        known = {match.id for match in self.all("matches")}
        return any(
            state in matches.TAKING and match not in known
            for (noun, match), (state, _) in self.seen.items()
            if noun == "matches"
        )

    def stands(self, listing):
        return listing.state == "open" and self.clock.now < listing.expires_at

    def all(self, noun):
        """Everything of a noun as the table has it; what did not change is not read again."""
        read = READ[noun]
        rows = [row for row in self.house.tables._rows[noun].values() if "version" in row]
        keys = [(noun, row["pk"], row.get("sk"), row["version"]) for row in rows]
        for key, row in zip(keys, rows, strict=True):
            if key not in self.read:
                self.read[key] = read(row)
        return [self.read[key] for key in keys]


def reachable(moves, state):
    """The states that may come of one, in one move or several."""
    found, front = set(), {state}
    while front:
        front = {after for each in front for after in moves[each]} - found
        found |= front
    return found
