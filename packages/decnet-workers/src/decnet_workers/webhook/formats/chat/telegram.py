# SPDX-License-Identifier: MIT
"""Telegram's bots: sendMessage (core.telegram.org/bots/api#sendmessage) with parse_mode HTML.

Its HTML escapes `&`, `<` and `>`. Values are in `<code>`, where no link, mention or command is looked for.
"""

import html

from decnet_workers.webhook.formats.alert import Alert, cut
from decnet_workers.webhook.formats.format import Access, Format, encoded

MAX_TEXT = 4096
"""UTF-16 units of a text after its markup was parsed; beyond U+FFFF a character is two."""


def body(alert: Alert, access: Access) -> bytes:
    """Return the message."""
    title = f"[{alert.severity.word}] {alert.title}"
    left = MAX_TEXT - 2 * len(title)
    lines = [f"<b>{html.escape(title, quote=False)}</b>"]
    for name, value in (("", alert.decisive), *alert.fields, ("kind", alert.kind), ("time", alert.time)):
        text = cut(value, 500)
        left -= 2 * (len(name) + len(text) + 3)
        if text and left > 0:
            lines.append((f"{name}: " if name else "") + f"<code>{html.escape(text, quote=False)}</code>")
    message = {
        "chat_id": access.options.get("chat", ""),
        "text": "\n".join(lines),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    return encoded(message)


def _path(path: str, _: Alert, access: Access) -> str:
    return f"{path.rstrip('/')}/bot{access.token}/sendMessage"


FORMAT = Format(
    "Telegram, bot",
    body,
    for_people=True,
    hosts=("api.telegram.org",),
    token="the bot's token, as @BotFather gave it",  # noqa: S106  # says what it is
    options={"chat": "id of the chat (-100...), or @name of a public channel"},
    path=_path,
)
