"""`python -m infra.ops` is `entraide`."""

import sys

from infra.ops.line import main

sys.exit(main())
