"""What residents do: post, read their mail and answer it, take back, turn up, come again, give up."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from chalicelib.errors import DomainError
from chalicelib.listings.card import Kind
from chalicelib.listings.model import DAY_S, Draft
from chalicelib.matching.candidates import Candidate
from chalicelib.matching.model import CancelReason
from chalicelib.people.dynamodb import added
from chalicelib.people.model import Person
from chalicelib.taps import Tap
from infra.simulate.drafts import needed, offered
from infra.simulate.draws import chance, lognormal
from infra.simulate.history import History, Limit, NeedStory, Reply, Word
from infra.simulate.network import NO_LIMIT, Network
from infra.simulate.replies import Replies
from infra.simulate.world import HOUR_S, NeedPlan, Resident, World

TOWN_HALL_S = 2 * HOUR_S
"""Stated: until a moderator releases what waits for them, and a coordinator confirms."""
COORDINATOR = "coordinator"


class Met(NamedTuple):
    """Two listings brought together and their authors."""

    need: str
    offer: str
    seeker: str
    helper: str

    @property
    def id(self) -> str:
        return f"{self.need}-{self.offer}"


class Neighbours:
    """The residents of a world in one network; `history` is what comes of it."""

    def __init__(self, world: World, network: Network) -> None:
        self.world, self.network = world, network
        self.house, self.loop = network.house, network.loop
        limits = {each.number: each.limit for each in world.residents if each.offers}
        self.history = History(limits)
        self.residents: dict[str, Resident] = {}
        self.plans: dict[str, NeedPlan] = {}
        self.offers: dict[str, tuple[int, int]] = {}
        """Of each offer that was posted: which of its author's it is, and how often it was posted before."""
        self.replies = Replies(world, self.history)

    @property
    def now(self) -> int:
        return self.network.clock.now

    def helper(self, candidate: Candidate) -> int:
        """Return the number of who offers."""
        return self.residents[candidate.card.author].number

    def settle(self) -> None:
        """Let everybody live in the city, and plan when they join in and what they will need."""
        for resident in self.world.residents:
            person = self._person(resident)
            self.residents[person.id] = resident
            self.house.tables.commit(added(person))
            for which in range(len(resident.offers)):
                self.loop.at(resident.joins_at, partial(self._offer, resident, which, 0))
        for plan in self.world.needs:
            self.loop.at(plan.at, partial(self._need, plan))

    # What they post

    def _offer(self, resident: Resident, which: int, again: int) -> None:
        plan = resident.offers[which]
        key = f"offer-{resident.number}-{which}-{again}"
        listing = self._publish("offer", resident, offered(plan, resident, self.network.rules), key)
        self.offers[listing] = which, again

    def _need(self, plan: NeedPlan) -> None:
        author = self.world.residents[plan.author]
        key = f"need-{plan.number}"
        listing = self._publish("need", author, needed(plan, author, self.network.rules), key)
        self.plans[listing] = plan
        self.history.needs[plan.number] = NeedStory(plan.number, plan.at, plan.wants)
        self.loop.at(plan.gives_up_at, lambda: self._give_up(listing))
        self.network.changed(listing)

    def _publish(self, kind: Kind, by: Resident, draft: Draft, key: str) -> str:
        person = self.house.people.get(self.house.secrets.blind(by.email))
        assert person is not None
        listing, _ = self.house.publishing.publish(kind, draft, by=person, key=key, print_=key, now=self.now)
        self.history.posts += 1
        if listing.state == "held":
            self._later(TOWN_HALL_S, partial(self._release, listing.id))
        return listing.id

    def _release(self, listing: str) -> None:
        with suppress(DomainError):
            self.house.desk.release(listing, key=f"release-{listing}", now=self.now)

    # What they answer

    def read(self, resident: Resident, taps: Sequence[Tap]) -> None:
        """Do what somebody does who reads a mail, with each thing in it."""
        for tap in taps:
            with suppress(DomainError):
                if tap.action == "accept":
                    self._answer(resident, tap)
                elif tap.action == "renew":
                    self._renew(resident, tap)
                elif (
                    tap.action == "outcome"
                    and chance(self.world.seed, "tells", tap.subject) < self.world.habits.tells
                ):
                    self.house.matching.tell(
                        tap.subject, "went_well", by=tap.person, key=f"tell-{tap.person}", now=self.now
                    )

    def _answer(self, resident: Resident, tap: Tap) -> None:
        """Say yes, no or nothing to one who asks."""
        need = self.plans[tap.subject.partition("-")[0]]
        word: Word | None = self.replies.word(resident, need, self.now)
        if word is None:
            return
        said = {"by": tap.person, "key": f"answer-{tap.subject}-{self.now}", "now": self.now}
        try:
            if word == "yes":
                told = self.house.matching.accept(tap.subject, answer="", linked=True, **said)  # type: ignore[arg-type]
                word = "late" if told.match.state == "queued" else "yes"
            else:
                self.house.matching.decline(tap.subject, "no_time", **said)  # type: ignore[arg-type]
            if word != "late":
                self._look_at_the_end(resident, tap)
        except DomainError:
            word = "late" if word == "yes" else word
        self.history.replies.append(Reply(self.now, need.number, resident.number, word))

    def _look_at_the_end(self, resident: Resident, tap: Tap) -> None:
        """Read on the page after an answer when one's own offer ends, if that is soon."""
        offer = self.house.publishing.get(tap.subject.partition("-")[2])
        if offer.ends_soon(self.now):
            self._renew(resident, Tap("renew", offer.id, tap.person, tap.until, str(offer.expires_at)))

    def _renew(self, resident: Resident, tap: Tap) -> None:
        plan = self.plans.get(tap.subject)
        wanted = plan.gives_up_at > self.now if plan else True
        if (
            wanted
            and chance(self.world.seed, "renews", resident.number, tap.subject, tap.about)
            < self.world.habits.renews
        ):
            self.house.publishing.renew(tap.subject, by=tap.person, key=f"renew-{tap.about}", now=self.now)

    # What becomes of a match

    def agreed(self, match: Met) -> None:
        """Let a coordinator confirm, where the city wants it."""

        def confirm() -> None:
            with suppress(DomainError):
                key = f"confirm-{match.id}-{self.now}"
                self.house.coordination.confirm(match.id, by=COORDINATOR, key=key, now=self.now)

        self._later(TOWN_HALL_S, confirm)

    def accepted(self, match: Met) -> None:
        """Plan what becomes of an accepted match: taken back, in vain, or it takes place."""
        plan, helper = self.plans[match.need], self.residents[match.helper]
        habits, ask = self.world.habits, (self.world.seed, helper.number, plan.number)
        fate, after = chance("fate", *ask), chance("after", *ask)
        cancels = habits.helper_cancels + habits.seeker_cancels
        if fate < habits.helper_cancels:
            self._later(after * 36 * HOUR_S, lambda: self._cancel(match, match.helper))
        elif fate < cancels:
            self._later(after * 36 * HOUR_S, lambda: self._cancel(match, match.seeker))
        elif fate >= cancels + habits.seeker_vanishes:
            self._later((6 + after * 60) * HOUR_S, lambda: self._take_place(match))

    def _cancel(self, match: Met, by: str) -> None:
        seeks = by == match.seeker
        why: CancelReason = "no_longer_needed" if seeks else "no_longer_able"
        with suppress(DomainError):
            self.house.matching.cancel(match.id, why, by=by, key=f"cancel-{match.id}", now=self.now)
            if seeks:
                self.house.publishing.withdraw(match.need, by=by, key="cancelled", now=self.now)

    def _take_place(self, match: Met) -> None:
        standing = self.house.matching.matches.pair(match.need, match.offer).match
        if standing is None or standing.state not in ("accepted", "done"):
            return
        story = self.history.needs[self.plans[match.need].number]
        story.kept_at.append(self.now)
        if story.met:
            with suppress(DomainError):
                self.house.publishing.fulfil(
                    match.need, "helped_here", by=match.seeker, key="met", now=self.now
                )
        self._come_back(match)

    def _come_back(self, match: Met) -> None:
        """Offer again, some days after having helped, when the offer that helped has no place left."""
        helper = self.residents[match.helper]
        which, again = self.offers[match.offer]
        ask = (self.world.seed, helper.number, which, again)
        if chance("comes back", *ask) < self.world.habits.comes_back:
            rest = lognormal(self.world.habits.rest_days, 0.7, "rest", *ask)
            self._later(rest * DAY_S, lambda: self._offer_again(match.offer, helper, which, again))

    def _offer_again(self, offer: str, helper: Resident, which: int, again: int) -> None:
        listing = self.house.publishing.listings.get(offer)
        if listing is None or listing.shown_state(self.now) != "matched":
            return
        with suppress(DomainError):
            self.house.publishing.fulfil(offer, "helped_here", by=listing.author, key="again", now=self.now)
            self._offer(helper, which, again + 1)

    def _give_up(self, need: str) -> None:
        """Take back a need that nobody has taken."""
        listing = self.house.publishing.listings.get(need)
        if listing is not None and listing.left == listing.draft.capacity:
            with suppress(DomainError):
                self.house.publishing.withdraw(need, by=listing.author, key="gives up", now=self.now)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.loop.at(self.now + int(seconds), act)

    def _person(self, resident: Resident) -> Person:
        limit = resident.limit if self.network.rules.limits else Limit(NO_LIMIT, NO_LIMIT)
        return Person(
            id=self.house.secrets.blind(resident.email),
            email=resident.email,
            created_at=self.world.start,
            name=f"Resident {resident.number}",
            languages=resident.languages,
            willing=resident.willing,
            asks_per_week=limit.week,
            asks_per_season=limit.season,
            quiet=resident.quiet,
        )
