# SPDX-License-Identifier: MIT
"""`python -m decnet`: the operator's command without its console script."""

import sys

from decnet.command import main

sys.exit(main())
