"""How a city asks its helpers: waves, each wider than the last, and how often it assigns all at once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from chalicelib.cities.fields import Field

MOST_WAVES = 6
HIGHEST = "high"


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of asking: how many helpers, how long it waits for them, how far from the need it looks."""

    helpers: int
    wait_minutes: int
    urgent_wait_minutes: int
    radius_m: int

    def wait_s(self, urgency: str) -> int:
        return 60 * (self.urgent_wait_minutes if urgency == HIGHEST else self.wait_minutes)


@dataclass(frozen=True, slots=True)
class AskingRules:
    """The waves in their order, and how many hours lie between two assignments of all that is open."""

    waves: tuple[Wave, ...]
    assign_hours: int

    def wave(self, number: int) -> Wave:
        """Return a wave by its number, from 1; beyond the last, the last: a city may have fewer by now."""
        return self.waves[min(number, len(self.waves)) - 1]

    @property
    def wait_minutes(self) -> int:
        """How long a need that is not urgent waits until the last wave is over."""
        return sum(wave.wait_minutes for wave in self.waves)


def read_asking(field: Field) -> AskingRules:
    at = field.members([rule.name for rule in fields(AskingRules)])
    waves = [item.members([part.name for part in fields(Wave)]) for item in at["waves"].items()]
    if len(waves) > MOST_WAVES:
        at["waves"].fault("too_many", most=MOST_WAVES)
    rules = AskingRules(tuple(_wave(wave) for wave in waves), at["assign_hours"].whole(1, 168))
    if at["waves"].sound:
        _check_waves(rules.waves, waves)
    return rules


def _wave(at: Mapping[str, Field]) -> Wave:
    return Wave(
        helpers=at["helpers"].whole(1, 20),
        wait_minutes=at["wait_minutes"].whole(5, 20_160),
        urgent_wait_minutes=at["urgent_wait_minutes"].whole(5, 20_160),
        radius_m=at["radius_m"].whole(100, 300_000),
    )


def _check_waves(waves: tuple[Wave, ...], at: list[dict[str, Field]]) -> None:
    """Note what contradicts: an urgent need that waits longer, a wave that looks no farther than the last."""
    for wave, field in zip(waves, at, strict=True):
        if wave.urgent_wait_minutes > wave.wait_minutes:
            field["urgent_wait_minutes"].fault("longer_than_the_wait", wait_minutes=wave.wait_minutes)
    for before, after, field in zip(waves[:-1], waves[1:], at[1:], strict=True):
        if after.radius_m <= before.radius_m:
            field["radius_m"].fault("not_growing", before_m=before.radius_m)
