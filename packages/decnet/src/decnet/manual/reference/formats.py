# SPDX-License-Identifier: MIT
"""The page of the formats of receivers."""

from __future__ import annotations

from collections.abc import Iterator

from decnet_workers.webhook.formats.registry import FORMATS, SCHEMES, load


def formats() -> Iterator[str]:
    """Every format with what it needs and how it travels."""
    yield "# Formats of receivers\n"
    yield "What `decnet webhook add --format` knows ([how to](../howto/send-alerts.md)).\n"
    for name in FORMATS:
        form = load(name)
        schemes = ", ".join(f"`{scheme}`" for scheme, by in SCHEMES.items() if by in form.travels_by)
        yield f"\n## `{name}`\n\n{form.title}. URLs: {schemes}. Content type: `{form.content_type}`.\n"
        if form.hosts:
            yield f"It is the format of URLs at {', '.join(f'`{host}`' for host in form.hosts)}.\n"
        if form.token:
            yield f"`--token`{' (optional)' if form.token_optional else ''}: {form.token}.\n"
        if form.secret_url:
            yield "Whoever knows the URL can post to it, so it is stored encrypted and never shown.\n"
        for option, meaning in form.options.items():
            yield f"- `--option {option}=...`: {meaning}"
