# SPDX-License-Identifier: MIT
"""`nox -s api` alone collects what is here: to list the operations of the whole document takes 2 s."""

from __future__ import annotations

import os

collect_ignore = [] if "DECNET_API_EXAMPLES" in os.environ else ["test_schemathesis.py"]
