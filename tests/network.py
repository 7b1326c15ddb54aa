"""A network to play with: residents, moderators, schedules and the clock do things in any order.

What each may do is foretold from how things stand, so that neither a wrong yes nor a wrong no passes.
"""

from contextlib import contextmanager, suppress
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.errors import Conflict, Invalid, NotAllowed, NotFound, Stale, TooMany, Unavailable
from chalicelib.listings.model import DAY_S
from chalicelib.people.model import kept_apart
from chalicelib.people.service import unblock
from tests.samples import HOUR_S, a_draft, a_house, a_person, new_key, settle
from tests.truths import Truths

EVE = 1_774_566_000
"""Friday 27 March 2026 in Mulhouse: two days before the clock is put forward."""

REFUSALS = (Conflict, Stale, NotAllowed, NotFound, Invalid, TooMany)
PEOPLE = [
    a_person(name, asks_per_week=asks)
    for name, asks in (("monique", 50), ("yusuf", 50), ("ana", 2), ("karl", 50))
]
READ_FIRST = "meals"
"""The category whose listings a moderator reads before they are shown."""

people = st.sampled_from(PEOPLE)
recent = st.integers(0, 7)
"""How many were posted or asked since."""
kinds = st.sampled_from(["need", "offer"])
capacities = st.integers(1, 3)
categories = st.sampled_from(["groceries", "groceries", "groceries", READ_FIRST])
ends = st.none() | st.integers(1, 200).map(lambda hours: hours * HOUR_S)


class Network(Truths, RuleBasedStateMachine):
    @initialize(
        exchange=st.sampled_from(["direct", "confirmed"]), asked=st.integers(1, 3), yes=st.integers(0, 3)
    )
    def open(self, exchange, asked=0, yes=0):
        """Most of what can be done is done to a match, so there are some to begin with."""
        self.house = a_house()
        self.clock = self.house.now
        self.clock.now = EVE
        city = self.house.city
        read_first = [
            replace(each, moderation="before") if each.slug == READ_FIRST else each
            for each in city.categories
        ]
        self.house.__dict__["city"] = replace(
            city,
            exchange=exchange,
            categories=tuple(read_first),
            limits=replace(city.limits, listings_per_day=99, proposals_per_day=99),
        )
        for person in PEOPLE:
            settle(self.house, person)
        self.posted, self.asked = [], []
        self.begin()
        if asked:
            self.post_something("need", PEOPLE[0], 1, "groceries", None)
        for number in range(asked):
            self.answer_with_another(number, PEOPLE[1 + number], 2, seeking=True, met=False)
        for number in range(min(asked, yes)):
            self.accept(number, by_answerer=True)

    # What residents do

    @rule(kind=kinds, by=people, capacity=capacities, category=categories, within=ends)
    def post_something(self, kind, by, capacity, category, within):
        self.post(kind, by, capacity, category, within)

    def post(self, kind, by, capacity, category, within):
        needed_by = within and self.clock.now + within
        draft = a_draft(capacity=capacity, category=category, needed_by=needed_by)
        listing, _ = self.twice(
            lambda key: self.house.publishing.publish(
                kind, draft, by=by, key=key, print_="print", now=self.clock.now
            ),
            same=lambda answer: answer[0],
        )
        self.posted.append(listing.id)
        return listing.id

    @rule(listing=recent, capacity=capacities, category=categories, stale=st.booleans(), within=ends)
    def edit(self, listing, capacity, category, stale, within):
        standing = self.listing(listing)
        if standing is None:
            return
        draft = a_draft(capacity=capacity, category=category, needed_by=within and self.clock.now + within)
        taken = standing.draft.capacity - standing.left
        allowed = not stale and capacity >= taken and (self.stands(standing) or standing.state == "held")
        with self.expected(allowed):
            self.house.publishing.edit(
                standing.id, draft, by=standing.author, version=standing.version - stale, now=self.clock.now
            )

    @rule(listing=recent, act=st.sampled_from(["withdraw", "fulfil", "renew"]))
    def end_or_keep(self, listing, act):
        standing = self.listing(listing)
        if standing is None:
            return
        past = standing.draft.needed_by is not None and standing.draft.needed_by <= self.clock.now
        allowed = {
            "withdraw": standing.state in ("held", "open", "expired"),
            "fulfil": standing.state in ("open", "expired"),
            "renew": standing.state in ("open", "expired") and not past,
        }[act]
        more = ("helped_here",) if act == "fulfil" else ()
        with self.expected(allowed):
            self.twice(
                lambda key: getattr(self.house.publishing, act)(
                    standing.id, *more, by=standing.author, key=key, now=self.clock.now
                )
            )

    @rule(listing=recent, by=people, capacity=capacities, seeking=st.booleans(), met=st.booleans())
    def answer_with_another(self, listing, by, capacity, seeking, met):
        """Post what fits a listing, bring the two together, and let the other side say yes or wait."""
        standing = self.listing(listing)
        if standing is None:
            return
        other = "offer" if standing.kind == "need" else "need"
        pair = {
            standing.kind: standing.id,
            other: self.post(other, by, capacity, standing.draft.category, None),
        }
        asked = len(self.asked)
        self.propose(pair["need"], pair["offer"], seeking)
        if met and len(self.asked) > asked:
            self.accept(0, by_answerer=True)

    @rule(one=recent, other=recent, seeking=st.booleans())
    def bring_any_two_together(self, one, other, seeking):
        if self.posted:
            self.propose(self.pick(self.posted, one), self.pick(self.posted, other), seeking)

    def propose(self, need, offer, seeking):
        asking = self.house.publishing.listings.get(need if seeking else offer)
        if asking is None:
            return
        by = self.house.people.get(asking.author)
        with suppress(*REFUSALS):
            told = self.twice(
                lambda key: self.house.matching.propose(
                    need, offer, by=by, message="", key=key, now=self.clock.now
                ),
                same=lambda answer: answer.match,
            )
            self.asked.append(told.match.id)

    @rule(match=recent, by_answerer=st.sampled_from([True, True, False]))
    def accept(self, match, by_answerer):
        standing = self.match(match)
        if standing is None:
            return
        by = standing.person_on(standing.answerer if by_answerer else standing.proposer)
        becomes = self.becomes_of_a_yes(standing) if by_answerer else None
        with self.expected(becomes is not None):
            assert self.answer("accept", standing.id, by, answer="").match.state == becomes

    def becomes_of_a_yes(self, match):
        """What the answerer's yes makes of a match; None when it is refused."""
        if match.state == "queued":
            return "queued"
        need, offer = map(self.house.publishing.listings.get, (match.need, match.offer))
        if any(each is None or not self.stands(each) for each in (need, offer)) or self.apart(match):
            return None
        if match.state not in ("proposed", "lapsed") or not offer.left:
            return None
        if not need.left:
            return "queued" if match.answerer == "helper" else None
        return "agreed" if self.house.city.exchange == "confirmed" else "accepted"

    def apart(self, match):
        return kept_apart(*self.house.people.get_many([match.seeker, match.helper]))

    @rule(match=recent, act=st.sampled_from(["decline", "cancel", "tell"]), seeking=st.booleans())
    def answer_otherwise(self, match, act, seeking):
        standing = self.match(match)
        if standing is None:
            return
        by = standing.seeker if seeking else standing.helper
        allowed = {
            "decline": standing.state == "proposed" and by == standing.person_on(standing.answerer),
            "cancel": standing.state in ("proposed", "queued", "agreed", "accepted"),
            "tell": standing.state in ("accepted", "done"),
        }[act]
        value = {"decline": "no_time", "cancel": "other", "tell": "went_well"}[act]
        with self.expected(allowed):
            self.answer(act, standing.id, by, value)
            self.left_quietly += act == "cancel" and standing.state == "queued" and not seeking

    @rule(match=recent, seeking=st.booleans())
    def block(self, match, seeking):
        standing = self.match(match)
        if standing is not None:
            by = standing.seeker if seeking else standing.helper
            self.answer("block", standing.id, by)
            self.left_quietly += standing.state == "queued" and not seeking

    @rule(who=people, block=recent)
    def unblock(self, who, block):
        blocks = self.house.people.get(who.id).blocks
        if blocks:
            unblock(self.house.people, who.id, blocks[block % len(blocks)].id_for(who.id))

    def answer(self, act, match, by, *value, **more):
        return self.twice(
            lambda key: getattr(self.house.matching, act)(
                match, *value, by=by, key=key, now=self.clock.now, **more
            ),
            same=lambda answer: answer.match,
        )

    # What coordinators, moderators, schedules and clocks do

    @rule(match=recent, confirm=st.sampled_from([True, True, False]))
    def coordinate(self, match, confirm):
        standing = self.match(match)
        if standing is None:
            return
        act, more = ("confirm", ()) if confirm else ("refuse", ("no",))
        with self.expected(standing.state == "agreed" and not (confirm and self.apart(standing))):
            self.twice(
                lambda key: getattr(self.house.coordination, act)(
                    standing.id, *more, by="coordinator", key=key, now=self.clock.now
                ),
                same=lambda answer: answer.match,
            )

    @rule(listing=recent, release=st.booleans())
    def moderate(self, listing, release):
        standing = self.listing(listing)
        if standing is None:
            return
        act, more = ("release", ()) if release else ("refuse", ("no",))
        with self.expected(standing.state == "held"):
            self.twice(
                lambda key: getattr(self.house.desk, act)(standing.id, *more, key=key, now=self.clock.now),
                same=lambda answer: answer.listing,
            )

    @rule(jobs=st.sampled_from(["all", "all", "listings", "matches", "mails", "purge"]))
    def tick(self, jobs):
        house, now = self.house, self.clock.now
        every = {
            "listings": [house.publishing.expire_due, house.publishing.remind_due],
            "matches": [house.matching.tend_due],
            "mails": [house.dispatcher.send_due],
            "purge": [house.publishing.purge_due, house.matching.purge_due],
        }
        for job in ("listings", "matches", "mails") if jobs == "all" else (jobs,):
            for due in every[job]:
                assert due(now).failed == 0

    @rule(days=st.integers(1, 4))
    def days_pass(self, days):
        for _ in range(days):
            self.clock.now += DAY_S
            self.tick("all")
            self.all_is_well()
            self.nobody_waits_in_vain()

    @rule(by=st.sampled_from([1, 59, HOUR_S, 11 * HOUR_S, DAY_S, 3 * DAY_S, 12 * DAY_S]))
    def turn_the_clock(self, by):
        self.clock.now += by

    @rule(listing=recent, to=st.sampled_from(["remind_at", "expires_at"]), before=st.integers(0, 1))
    def turn_the_clock_to_an_end(self, listing, to, before):
        standing = self.listing(listing)
        at = standing and getattr(standing, to)
        if at is not None:
            self.clock.now = max(self.clock.now, at - before)

    # What is always true

    @invariant()
    def all_is_well(self):
        self.versions_only_grow_and_states_move_as_they_may()
        self.what_is_left_and_what_is_taken_are_the_capacity()
        self.the_board_shows_what_stands_and_nothing_else()
        self.every_fact_has_its_mails_and_each_is_sent_once()
        self.nobody_is_asked_more_often_than_they_chose()

    # How they are asked

    def pick(self, ids, back):
        return ids[-1 - back % len(ids)]

    def listing(self, back):
        """The listing posted so many before the last, as it stands; None when there is none."""
        if not self.posted:
            return None
        return self.house.publishing.listings.get(self.pick(self.posted, back))

    def match(self, back):
        if not self.asked:
            return None
        return self.house.matching.matches.pair(*self.pick(self.asked, back).split("-")).match

    @contextmanager
    def expected(self, allowed):
        try:
            yield
        except REFUSALS:
            assert not allowed
        else:
            assert allowed

    def twice(self, act, same=lambda answer: answer):
        """Do something and do it again with the same key: no more happens, and the answer is the same.

        Nobody else is there, so nothing is ever busy.
        """
        key = new_key()
        try:
            answer, commits = act(key), self.house.tables.commits
        except Unavailable as refused:
            raise AssertionError("busy, and nobody else is there") from refused
        assert same(act(key)) == same(answer)
        assert self.house.tables.commits == commits
        return answer
