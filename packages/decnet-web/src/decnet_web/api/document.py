# SPDX-License-Identifier: MIT
"""Prints the OpenAPI document of the API: `python -m decnet_web.api.document`."""

from __future__ import annotations

import json
import sys

from decnet_web.api.application import make_application


def document() -> str:
    """Return the OpenAPI 3.1 document as JSON."""
    return json.dumps(make_application(None).openapi(), indent=1, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(document() + "\n")
