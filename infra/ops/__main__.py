"""`python -m infra.ops` is `entraide`."""

import sys


def main() -> int:
    """Run a command, and return its exit code, also when Ctrl-C comes before there is a command line."""
    try:
        from infra.ops.line import main as entraide  # noqa: PLC0415 — it takes a second
    except KeyboardInterrupt:
        print("\nInterrupted.\nNothing was changed.\nNext: the same command again", file=sys.stderr)
        return 130
    return entraide()


if __name__ == "__main__":
    sys.exit(main())
