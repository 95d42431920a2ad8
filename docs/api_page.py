# SPDX-License-Identifier: MIT
"""The reference page of the API, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from decnet_web.api.application import make_application

_INTRODUCTION = """# API

Every operation of the REST API, by the groups of its OpenAPI 3.1 document. A running fleet serves that document at
`/api/v1/openapi.json`; `python -m decnet_web.api.document` prints it. The role is the least one that may use the
operation. [How to use the API](../howto/use-the-api.md).
"""


def api_page() -> Iterator[str]:
    """Yield the page's Markdown."""
    found = make_application(None).openapi()
    yield _INTRODUCTION
    groups: dict[str, list[str]] = {}
    for path, methods in sorted(found["paths"].items()):
        for method, operation in methods.items():
            groups.setdefault((operation.get("tags") or ["other"])[0], []).append(_row(method, path, operation))
    for group, rows in sorted(groups.items()):
        yield f"\n## {group}\n\n| operation | role | what it does |\n|---|---|---|\n"
        yield from rows


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    first = operation.get("description", "").strip().partition("\n\n")[0]
    text = " ".join(first.split()).replace("|", "\\|")
    return f"| `{method.upper()} {path}` | {operation.get('x-role', 'anybody')} | {text} |\n"
