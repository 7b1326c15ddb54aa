"""Small instances of everything, the best assignment by trying all, and altered solutions."""

from dataclasses import replace
from itertools import combinations

from chalicelib.assignment.model import Figures, Helper, Need, Offer, Option, instance


def parts(random, most=7):
    """Return needs, offers, helpers and options in no order: up to so many, each of them awkward at times."""
    plain = random.random() < 0.3
    top = random.choice([0, 1, 3, 10, 100, 10**12])
    people = random.randint(1, most)
    needs = [
        Need(f"n{number}", random.random() < 0.4, 1 if plain else random.choice([0, 1, 1, 1, 2, 3]))
        for number in range(random.randint(0, most))
    ]
    offers = [
        Offer(f"o{number}", f"h{random.randrange(people)}", 1 if plain else random.choice([0, 1, 1, 2, 3]))
        for number in range(random.randint(0, most))
    ]
    helpers = [
        Helper(
            f"h{number}", tuple(sorted(random.choice([0, 0, 1, 5, top]) for _ in range(random.randint(0, 3))))
        )
        for number in range(people)
    ]
    density = random.choice([0.2, 0.5, 1])
    options = [
        Option(need.id, offer.id, random.randint(0, top))
        for need in needs
        for offer in offers
        if random.random() < density
    ]
    for several in (needs, offers, helpers, options):
        random.shuffle(several)
    return needs, offers, helpers, options


def order(figures):
    """Return what is to be as large as can be."""
    return (*figures[:-1], -figures.squares)


def best(made):
    """Return the figures of the best assignment, found by trying all, need after need."""
    helper = {offer.id: offer.helper for offer in made.offers}
    states = {(0,) * len(made.offers): (0, 0, 0, 0)}
    for need in made.needs:
        mine = [
            (made.offers.index(offer), option.fit)
            for option in made.options
            for offer in made.offers
            if (option.need, option.offer) == (need.id, offer.id)
        ]
        after = {}
        for many in range(need.places + 1):
            for chosen in combinations(mine, many):
                if len({made.offers[at].helper for at, _ in chosen}) < many:
                    continue
                gain = (need.urgent and many > 0, many > 0, many, sum(fit for _, fit in chosen))
                for state, value in states.items():
                    taken = list(state)
                    for at, _ in chosen:
                        taken[at] += 1
                    total = tuple(map(sum, zip(value, gain, strict=True)))
                    if _allowed(made, helper, taken) and after.get(tuple(taken), (-1,)) < total:
                        after[tuple(taken)] = total
        states = after
    return max((_figures(made, helper, *each) for each in states.items()), key=order)


def _asks(made, helper, taken):
    asks = dict.fromkeys((one.id for one in made.helpers), 0)
    for offer, many in zip(made.offers, taken, strict=True):
        asks[helper[offer.id]] += many
    return asks


def _allowed(made, helper, taken):
    asks = _asks(made, helper, taken)
    return all(many <= offer.places for offer, many in zip(made.offers, taken, strict=True)) and all(
        asks[one.id] <= len(one.costs) for one in made.helpers
    )


def _figures(made, helper, taken, value):
    asks = _asks(made, helper, taken)
    cost = sum(sum(one.costs[: asks[one.id]]) for one in made.helpers)
    return Figures(*value[:3], value[3] - cost, sum(many**2 for many in asks.values()))


def alter(made, solution, random):
    """Return the solution with one thing changed: a pair more, less or other, a figure, a price, a weight."""
    pairs, proof = list(solution.pairs), solution.certificate
    kind = random.randrange(7)
    free = [option[:2] for option in made.options if option[:2] not in pairs]
    if kind == 0 and pairs:
        pairs.remove(random.choice(pairs))
    elif kind == 1 and free:
        pairs.append(random.choice(free))
    elif kind == 2 and pairs and free:
        pairs[random.randrange(len(pairs))] = random.choice(free)
    elif kind == 3 and pairs:
        pairs.append(random.choice(pairs))
    elif kind == 4:
        figure = random.choice(Figures._fields)
        by = random.choice([-1, 1])
        return replace(
            solution, figures=solution.figures._replace(**{figure: getattr(solution.figures, figure) + by})
        )
    elif kind == 5:
        part = random.choice(["needs", "offers", "helpers"])
        prices = list(getattr(proof, part))
        if prices:
            by = random.choice([1, proof.weights.points, 9 * proof.weights.urgent])
            prices[random.randrange(len(prices))] += random.choice([-1, 1]) * by
        return replace(solution, certificate=replace(proof, **{part: tuple(prices)}))
    else:
        part = random.choice(proof.weights._fields)
        weight = random.choice([0, -1, getattr(proof.weights, part) // 2])
        return replace(solution, certificate=replace(proof, weights=proof.weights._replace(**{part: weight})))
    pairs = sorted(pairs) if random.random() < 0.9 else pairs[::-1]
    return replace(solution, pairs=tuple(pairs))


def small(random, most=7):
    return instance(*parts(random, most))
