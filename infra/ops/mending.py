"""What stood half-way or broken, brought to where a deployment can begin."""

from infra.ops import leftovers
from infra.ops.cloud import Cloud
from infra.ops.say import Say
from infra.ops.standing import (
    NEVER_OPENED,
    Standing,
    events_so_far,
    failures,
    resources,
    settled,
    standing,
)
from infra.ops.stops import Exit, Stopped


def settle(where: Cloud, name: str, slug: str, say: Say) -> Standing | None:
    """Return the stack when it can be updated, None when it is to be made; Stopped when neither."""
    now = standing(where, name)
    if now is not None and now.moving:
        say.note(f"{slug}: another deployment is under way ({now.status}); waiting for it.")
        now = settled(
            where,
            now.id,
            say,
            f"Waiting for {slug}",
            since=events_so_far(where, now.id),
            total=_total(where, now),
        )
    if now is None or now.stands:
        return now
    if now.status in NEVER_OPENED:
        _remove(where, now, slug, say)
        return None
    if now.status == "UPDATE_ROLLBACK_FAILED":
        return _continue(where, now, slug, say)
    raise Stopped(
        f"The stack of {slug} is in {now.status}: {now.reason or 'CloudFormation gives no reason'}",
        "Its removal was begun and is not done."
        if now.status == "DELETE_FAILED"
        else "It serves as far as it can.",
        f"entraide destroy {slug} --export-to FOLDER",
        Exit.REFUSED,
    )


def must_be_steady(where: Cloud, name: str, slug: str) -> None:
    """Raise Stopped when a plan would first have to wait for the stack or mend it."""
    now = standing(where, name)
    if now is not None and not now.stands and now.status != "REVIEW_IN_PROGRESS":
        raise Stopped(
            f"The stack of {slug} is in {now.status}: {now.reason or 'no plan can be made yet'}.",
            "Nothing was changed.",
            f"entraide deploy {slug}, which waits for it or mends it and then shows what changes",
            Exit.REFUSED,
        )


def _remove(where: Cloud, now: Standing, slug: str, say: Say) -> None:
    """Remove a stack that never came to be, unless its tables hold something."""
    if now.status != "REVIEW_IN_PROGRESS":
        full = leftovers.full_tables(where, slug)
        if full:
            raise Stopped(
                f"The creation of {slug} failed ({now.status}), and tables of that name hold data: "
                f"{', '.join(full)}.",
                "They were there before, or come from an earlier city. Nothing was changed.",
                f"entraide destroy {slug} --export-to FOLDER, then entraide deploy {slug}",
                Exit.REFUSED,
            )
        say.confirm(
            f"The creation of {slug} failed ({now.status}) and left an empty stack. Begin again?",
            f"The empty stack of {slug} was left.",
        )
    remove_stack(where, now, slug, say)


def remove_stack(where: Cloud, now: Standing, slug: str, say: Say) -> None:
    """Remove a stack; what CloudFormation cannot remove is let go of, and is for `leftovers` to remove."""
    client, since = where.client("cloudformation"), events_so_far(where, now.id)
    say.state = (
        f"CloudFormation goes on removing {slug} by itself; the same command waits for it and ends it."
    )
    client.delete_stack(StackName=now.name)
    total = _total(where, now)
    left = settled(where, now.id, say, f"Removing {slug}", since=since, total=total)
    if left is not None and left.status == "DELETE_FAILED":
        stuck = _stuck(where, now.id)
        say.note(f"{slug}: CloudFormation lets go of {', '.join(stuck)}.", style="yellow")
        client.delete_stack(StackName=now.name, RetainResources=stuck)
        left = settled(
            where, now.id, say, f"Removing {slug}", since=events_so_far(where, now.id), total=total
        )
    if left is not None:
        why = failures(where, now.id, since) or [left.reason or "CloudFormation gives no reason"]
        raise Stopped(
            f"The stack of {slug} could not be removed: {'; '.join(why[:3])}",
            f"It is in {left.status}; what is gone is gone, the tables are as they were.",
            "mend the cause, then the same command",
        )


def _continue(where: Cloud, now: Standing, slug: str, say: Say) -> Standing:
    """Let CloudFormation finish going back; raises Stopped with what stands in its way."""
    since = events_so_far(where, now.id)
    say.note(
        f"{slug}: an earlier update failed and could not be taken back; trying that again.", style="yellow"
    )
    where.client("cloudformation").continue_update_rollback(StackName=now.id)
    after = settled(where, now.id, say, f"Taking back {slug}", since=since, total=_total(where, now))
    if after is not None and after.stands:
        return after
    why = failures(where, now.id, since) or ["CloudFormation gives no reason"]
    raise Stopped(
        f"{slug} cannot be taken back to the version before: {'; '.join(why[:3])}",
        "Its stack is in UPDATE_ROLLBACK_FAILED: it serves as far as it can. No data was lost.",
        f"mend what is named, then entraide deploy {slug} (it tries again); if it cannot be mended: "
        f"entraide destroy {slug} --export-to FOLDER, deploy, import",
    )


def _stuck(where: Cloud, stack: str) -> list[str]:
    pages = where.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        each["LogicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceStatus"] == "DELETE_FAILED"
    ]


def _total(where: Cloud, now: Standing) -> int:
    return sum(map(len, resources(where, now.id).values()))
