# SPDX-License-Identifier: MIT
"""Mail (RFC 5322): plain text and HTML, as UTF-8 in base64, so that no line is too long or changed on its way.

Headers are encoded by the library, which refuses line breaks; the HTML has no link, image or script, and all text in it
is escaped. `Auto-Submitted` (RFC 3834) keeps vacation messages away.
"""

import html
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from decnet_workers.webhook.envelope import moment
from decnet_workers.webhook.formats.alert import Alert, Severity, cut
from decnet_workers.webhook.formats.format import Access, Format

MAX_SUBJECT = 200
_COLOURS = {Severity.INFORMATIONAL: "#808080", Severity.LOW: "#2e86c1", Severity.MEDIUM: "#b7950b"}


def body(alert: Alert, access: Access) -> bytes:
    """Return the message with its headers; lines end with CR LF."""
    sender = access.options.get("from", "")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = access.options.get("to", "")
    message["Subject"] = cut(f"[{alert.severity.word}] {alert.title}", MAX_SUBJECT)
    message["Date"] = format_datetime(moment(alert.ts))
    message["Message-ID"] = f"<{alert.id}@decnet.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-DECNET-Kind"] = alert.kind
    below = [alert.document.text] if alert.document else alert.lines
    message.set_content("\n".join([alert.title, "", *below, ""]), cte="base64")
    message.add_alternative(alert.document.html if alert.document else page(alert), subtype="html", cte="base64")
    message.set_boundary(f"=_{alert.id}")  # the same bytes at every attempt
    return message.as_bytes()


def page(alert: Alert) -> str:
    """Return the HTML."""
    colour = _COLOURS.get(alert.severity, "#c0392b")
    rows = "".join(
        f"<tr><td style='color:#555;padding-right:1em'>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
        for name, value in (*alert.fields, ("kind", alert.kind), ("time", alert.time))
    )
    decisive = f"<pre style='white-space:pre-wrap'>{html.escape(alert.decisive)}</pre>" if alert.decisive else ""
    heading = f"<h3 style='color:{colour}'>[{alert.severity.word}] {html.escape(alert.title)}</h3>"
    content = f"{heading}{decisive}<table>{rows}</table>"
    return f"<!DOCTYPE html><html><body style='font-family:sans-serif'>{content}</body></html>"


FORMAT = Format(
    "Mail, plain text and HTML",
    body,
    for_people=True,
    travels_by=("smtp",),
    content_type="message/rfc822",
    token="the password for SMTP AUTH",  # noqa: S106  # says what it is
    token_optional=True,
    options={
        "from": "the sender's address",
        "to": "the recipients' addresses, separated by commas",
        "user": "optional: the account for SMTP AUTH; needs a password",
    },
)
