# SPDX-License-Identifier: MIT
"""The JSON that Standard Webhooks recommends. By HTTP what is stored is sent as it is."""

import msgspec

from decnet_workers.webhook.envelope import Envelope
from decnet_workers.webhook.formats.alert import Alert
from decnet_workers.webhook.formats.format import Access, Format, encoded


def body(alert: Alert, _: Access) -> bytes:
    """Return what `envelope.body_of` made of the notice, without a character that a terminal obeys."""
    return encoded(Envelope(alert.kind, alert.time, msgspec.Raw(msgspec.json.encode(alert.data))))


FORMAT = Format("Programs of your own, by Standard Webhooks", body, travels_by=("http", "syslog", "file"))
