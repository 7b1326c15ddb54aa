"""`entraide doctor`: what is missing on this machine, and how to fix it."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from infra.emulator import REGION, ROOT
from infra.ops import cityfile
from infra.ops.cloud import Cloud, cloud
from infra.ops.say import NOTHING_DONE, Say, spoken, table
from infra.ops.standing import standing
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import in_words
from infra.requirements import WRITTEN, requirements
from infra.stack import ACCOUNT_STACK
from infra.stack.compiling import python_of
from infra.stack.package import PYTHON

FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; without a fix, or with one that only betters, a deployment can go on."""

    what: str
    well: bool
    words: str
    fix: str = ""
    needed: bool = True


@click.command("doctor")
@spoken
def doctor(say: Say) -> None:
    """Look whether machine, credentials and account are ready. What is missing is told with its fix."""
    found = [*_machine(), *_account()]
    shown = table("", "", "")
    for each in found:
        mark = (
            Text("ok", "green")
            if each.well
            else Text("missing" if each.needed else "better", "red" if each.needed else "yellow")
        )
        shown.add_row(
            mark, each.what, each.words + (f"\n  fix: {each.fix}" if each.fix and not each.well else "")
        )
    missing = [each for each in found if each.needed and not each.well]
    say.end(
        [asdict(each) for each in found],
        shown,
        then="" if missing else "entraide city list, entraide plan CITY",
    )
    if missing:
        raise Stopped(
            f"Missing: {', '.join(each.what for each in missing)}.",
            NOTHING_DONE,
            missing[0].fix,
            Exit.UNREACHABLE,
        )


def _machine() -> Iterator[Finding]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield Finding(
        "Python", sys.version_info >= (3, 11), f"{version} runs this", "install Python 3.11 or later"
    )
    compiler = python_of(PYTHON)
    words = (
        f"{compiler} compiles the package"
        if compiler
        else f"no Python {PYTHON}: the package starts slower, uncompiled"
    )
    yield Finding(
        f"Python {PYTHON}",
        compiler is not None,
        words,
        f"install Python {PYTHON} beside this one",
        needed=False,
    )
    chalice = find_spec("chalice") is not None  # without the others this would not run
    yield Finding("packages", chalice, "all installed" if chalice else "lacks chalice", "make ops")
    same = WRITTEN.exists() and WRITTEN.read_text(encoding="utf-8") == requirements()
    yield Finding(
        "requirements.txt", same, "as the project says" if same else "not as the project says", "make package"
    )
    free = shutil.disk_usage(ROOT).free
    yield Finding("disk", free > FREE_BYTES, f"{free / 1e9:.0f} GB free", "make room: a build takes 0.5 GB")
    faulty = [slug for slug in cityfile.slugs() if cityfile.faults_of(slug)]
    yield Finding(
        "city files",
        not faulty,
        f"{len(cityfile.slugs())} files" if not faulty else f"faults in {', '.join(faulty)}",
        "entraide city check",
    )


def _account() -> Iterator[Finding]:
    """Yield what AWS says; after the first that is missing the others cannot be asked."""
    try:
        here = cloud()
    except (BotoCoreError, ClientError) as error:
        words = in_words(error, "")
        fix = "aws configure sso, or export AWS_PROFILE=...; behind a proxy, export HTTPS_PROXY=..."
        yield Finding("AWS", well=False, words=words.what, fix=fix)
        return
    at = f"the emulator at {here.emulator}" if here.emulator else "AWS"
    yield Finding("AWS", well=True, words=f"account {here.account} at {at}")
    usual = here.region == REGION
    yield Finding(
        "region", usual, here.region, f"export AWS_REGION={REGION}, unless you mean it", needed=False
    )
    yield from _services(here)


def _services(here: Cloud) -> Iterator[Finding]:
    try:
        known = standing(here, ACCOUNT_STACK)
        yield Finding("CloudFormation", well=True, words="answers")
        prepared = known is not None and known.stands
        words = "prepared for cities" if prepared else "not prepared for cities yet: the first deploy does it"
        yield Finding("account", well=True, words=words)
        mail = here.client("sesv2").get_account()
        ready = bool(mail.get("ProductionAccessEnabled", False))
        words = "may write to anybody" if ready else "may write to verified addresses only (sandbox)"
        yield Finding(
            "SES", ready, words, "ask AWS for production access of SES in this region", needed=False
        )
    except ClientError as error:
        yield Finding("AWS services", well=False, words=in_words(error, "").what, fix="a role that may")
