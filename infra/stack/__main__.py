"""`python -m infra.stack`: make the package and the template in `build/package`."""

import os
import sys

from infra.emulator import ROOT
from infra.stack.package import CannotBuild, build


def main() -> int:
    try:
        made = build(ROOT / "build" / "package")
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{os.path.relpath(made.zip)}: {made.bytes / 1e6:.2f} MB for python{made.python}, {made.architecture}"
    )
    if not made.compiled:
        print(f"without compiled modules, so first starts take longer: no Python {made.python} is here")
    print(f"{os.path.relpath(made.template)}: the template; digest of the package {made.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
