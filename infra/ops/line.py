"""`entraide`: the command line of those who run cities."""

import json
import signal
import sys
import traceback
from pathlib import Path
from tempfile import mkstemp

import click
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.errors import DomainError
from infra.ops import cities, cost, deploy, destroy, doctor, letters, logs, moving, outbox, simulating, status
from infra.ops.say import Say
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import AGAIN, in_words


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def entraide() -> None:
    """Open, upgrade, watch, move and close a city's network.

    Credentials, profile and region are those of AWS's own settings (AWS_PROFILE, AWS_REGION,
    AWS_ENDPOINT_URL ...). Every command says what comes next; docs/operations.md is the whole story.

    Exit codes: 0 done, 1 failed, 2 wrong command or file, 3 refused, 4 AWS or this machine is not ready,
    5 the new version failed and the one before is back, 130 interrupted.
    """


for command in (
    cities.group,
    deploy.plan,
    deploy.deploy,
    status.status,
    logs.logs,
    outbox.group,
    letters.dlq,
    letters.redrive,
    moving.export,
    moving.import_,
    destroy.destroy,
    cost.cost,
    simulating.simulate_city,
    doctor.doctor,
):
    entraide.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run a command, and return its exit code; whatever happens is a sentence, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = click.Context(entraide, info_name="entraide", **entraide.context_settings)
    try:
        with root:
            entraide.parse_args(root, list(sys.argv[1:] if arguments is None else arguments))
            entraide.invoke(root)
    except click.exceptions.Exit as ended:
        return int(ended.exit_code)
    except click.ClickException as error:
        error.show()
        return int(error.exit_code)
    except (KeyboardInterrupt, click.Abort, EOFError):
        say = _voice(root)
        stopped = Stopped("Interrupted.", say.state, AGAIN, Exit.INTERRUPTED)
    except Stopped as why:
        stopped = why
    except (BotoCoreError, ClientError, PynamoDBException, DomainError, OSError) as error:
        stopped = in_words(error, _voice(root).state)
    except Exception:  # noqa: BLE001 — a fault of ours is told as one, and kept for whoever mends it
        stopped = _our_fault(_voice(root).state)
    else:
        return Exit.DONE
    return _tell(_voice(root), stopped)


def _our_fault(state: str) -> Stopped:
    kept = Path(mkstemp(prefix="entraide-", suffix=".txt")[1])
    kept.write_text(traceback.format_exc(), encoding="utf-8")
    what = f"entraide itself has a fault: {traceback.format_exc(limit=0).splitlines()[-1]}"
    return Stopped(what, state, f"report it with {kept}")


def _voice(root: click.Context) -> Say:
    return root.obj if isinstance(root.obj, Say) else Say(as_json=False, yes=False)


def _tell(say: Say, stopped: Stopped) -> int:
    if say.as_json:
        told = {"stopped": stopped.what, "state": stopped.state, "next": stopped.then, "code": stopped.code}
        print(json.dumps(told, ensure_ascii=False), file=sys.stderr)
        return stopped.code
    say.err.print()
    say.err.print(stopped.what, style="bold red", markup=False)
    say.err.print(stopped.state, markup=False)
    say.err.print(f"Next: {stopped.then}", style="cyan", markup=False, soft_wrap=True)
    return stopped.code
