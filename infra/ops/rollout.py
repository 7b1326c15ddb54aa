"""A city's stack brought to a release: prepared, then carried out; told again, it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.cities.model import City
from infra.client import Client, client_of
from infra.ops import ground, leftovers, options, record, web
from infra.ops.artefact import Release, put_template, template_url, upload
from infra.ops.changes import Asked, Change, ChangeSet, change_set, drop
from infra.ops.cloud import Cloud, remember
from infra.ops.mending import settle
from infra.ops.record import Verified
from infra.ops.say import Say
from infra.ops.smoke import Answered, smoke
from infra.ops.standing import Standing, events_so_far, failures, settled, standing
from infra.ops.stops import Exit, Stopped
from infra.stack import stack_name, tags

UNTOUCHED = "The city's tables and its key are as they were."


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a deployment would do, and what it needs to do it."""

    city: City
    release: Release
    bucket: str
    asked: Asked
    before: Standing | None
    change: ChangeSet
    client: Client
    shown: str
    """The version of the client that residents are given now; empty for none."""

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.change.changes

    @property
    def differs(self) -> bool:
        """Whether there is anything to do: for the stack, or for its client alone."""
        return bool(self.changes) or self.shown != self.client.version

    @property
    def running(self) -> str:
        """The release that stands, empty when none does."""
        return "" if self.before is None else self.before.outputs.get("Release", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a deployment."""

    city: str
    release: str
    was: str
    url: str
    changed: int
    client: str
    sent: int
    """Files of the client that were not there yet."""
    answered: Answered


def prepare(
    where: Cloud, city: City, release: Release, bucket: str, parameters: Mapping[str, Any], say: Say
) -> Prepared:
    """Return what would change. Nothing of the city is changed but what stood half-way, which is ended.

    `bucket` is the account's, which is prepared once for all cities of a command.
    """
    name = stack_name(city.slug)
    before = settle(where, name, city.slug, say)
    if where.emulator and parameters.get("monthly_budget") is None:
        parameters = {**parameters, "monthly_budget": 0}  # none of them has budgets
    if where.emulator:
        parameters = {**parameters, "front": False}  # nor CloudFront's policies
    url = put_template(where, bucket, city.slug, release)
    asked = Asked(
        {"TemplateURL": url},
        options.parameters(city, release, bucket, before, parameters, say),
        tags(city.slug),
    )
    creates = before is None
    change = change_set(where, name, asked, label=release.id, creates=creates, say=say)
    return Prepared(
        city, release, bucket, asked, before, change, client_of(city), web.version_shown(where, before)
    )


def carry_out(where: Cloud, prepared: Prepared, say: Say) -> Outcome:
    """Execute the change set, wait, try the new version, and go back to the one before when it fails."""
    slug, release = prepared.city.slug, prepared.release
    remember(slug, where)
    ground.open_doors(where, prepared.before)
    if prepared.changes:
        ground.ensure_key(where, slug)
        upload(where, prepared.bucket, release, say)
        if prepared.before is None:
            leftovers.make_room(where, slug, say)
        _execute(where, prepared.change, slug, len(prepared.changes), say)
    else:
        drop(where, prepared.change)
    now = standing(where, stack_name(slug))
    assert now is not None
    client = prepared.client
    say.state = f"{slug} stands; its client may be the one before, whole. {UNTOUCHED}"
    sent = web.bring(where, web.bucket_of(now), client, say)
    answered = smoke(where, now, release.id, client.version, say)
    if not answered.well:
        _go_back(where, prepared, answered, say)
    good = Verified(release.id, release.sha256, dict(prepared.asked.parameters), client.version)
    record.note(where, prepared.bucket, slug, good)
    web.tidy(where, web.bucket_of(now), {prepared.shown, client.version})
    return Outcome(
        slug,
        release.id,
        prepared.running,
        answered.url,
        len(prepared.changes),
        client.version,
        sent,
        answered,
    )


def _execute(where: Cloud, change: ChangeSet, slug: str, total: int, say: Say) -> None:
    """Execute and wait; Stopped says what failed, and that CloudFormation has gone back."""
    since = events_so_far(where, change.stack)
    say.state = (
        f"CloudFormation goes on with {slug} by itself; entraide deploy {slug} waits for it and ends it."
    )
    where.client("cloudformation").execute_change_set(ChangeSetName=change.id)
    verb = "Creating" if change.creates else "Updating"
    now = settled(where, change.stack, say, f"{verb} {slug}", since=since, total=total)
    if now is not None and now.stands and "ROLLBACK" not in now.status:
        return
    why = failures(where, change.stack, since) or ["CloudFormation gives no reason"]
    status = "gone" if now is None else now.status
    stands = "The version before stands." if not change.creates else "The stack holds nothing that serves."
    raise Stopped(
        f"{slug} could not be {'created' if change.creates else 'updated'}: {'; '.join(why[:3])}",
        f"CloudFormation took it back (the stack is in {status}). {stands} {UNTOUCHED}",
        f"mend the cause, then entraide deploy {slug}",
        Exit.FAILED if change.creates or status.endswith("FAILED") else Exit.ROLLED_BACK,
    )


def _go_back(where: Cloud, prepared: Prepared, answered: Answered, say: Say) -> None:
    """Bring back the last version that answered well; raises Stopped in any case."""
    slug, release = prepared.city.slug, prepared.release
    last = record.verified(where, prepared.bucket, slug)
    if last is None or (last.release, last.client) == (release.id, prepared.client.version):
        raise Stopped(
            f"{slug} stands and does not answer as it should: {answered.words}.",
            f"There is no other version that answered to go back to. {UNTOUCHED}",
            f"entraide logs {slug} --errors; then mend it and entraide deploy {slug}",
        )
    say.note(f"{slug}: {answered.words}. Going back to {last.release}.", style="red")
    _client_back(where, slug, last)
    asked = Asked(
        {"TemplateURL": template_url(where, prepared.bucket, slug, last.release)},
        last.parameters,
        prepared.asked.tags,
    )
    back = change_set(where, stack_name(slug), asked, label=f"{last.release}-again", creates=False, say=say)
    if back.changes:
        _execute(where, back, slug, len(back.changes), say)
    else:
        drop(where, back)
    now = standing(where, stack_name(slug))
    assert now is not None
    again = smoke(where, now, last.release, last.client, say)
    raise Stopped(
        f"The new version {release.id} of {slug} does not answer as it should: {answered.words}.",
        f"{last.release} is back and "
        + ("answers." if again.well else f"does not answer: {again.words}.")
        + f" {UNTOUCHED}",
        f"entraide logs {slug} --errors; then mend it and entraide deploy {slug}",
        Exit.ROLLED_BACK if again.well else Exit.FAILED,
    )


def _client_back(where: Cloud, slug: str, last: Verified) -> None:
    """Show the client of that version; where it had none the bucket is emptied: a full one does not go."""
    bucket = web.bucket_of(standing(where, stack_name(slug)))
    if last.client:
        web.take_back(where, bucket, last.client)
    else:
        leftovers.empty(where.client("s3"), bucket)
