# SPDX-License-Identifier: MIT
"""Receivers of notices of a remote master: listed, added, changed, tested; and what was delivered to them."""

from typing import Any

import msgspec

from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of
from decnet.webhook.definition import Definition
from decnet.webhook.endpoints import Added
from decnet.webhook.trying import Tried
from decnet_models.webhooks.queries import Delivery, Webhook, WebhookStatus
from decnet_workers.webhook.incidents.selection import Selection, written
from decnet_workers.webhook.incidents.severity import NUMBERS


def webhooks(remote: Remote) -> list[WebhookStatus]:
    """Return the receivers, oldest first."""
    return [_webhook(row) for row in remote.get("/webhooks")["items"]]


def add(remote: Remote, said: Definition) -> Added:
    """Add a receiver; return it with its secret."""
    made = remote.send("POST", "/webhooks", _body(said))
    return struct_of({**made["webhook"], "secret": made["secret"]}, Added)


def edit(remote: Remote, webhook: str, said: Definition) -> None:
    """Change a receiver; raises NotFoundError."""
    path = _path(webhook)
    remote.send("PATCH", path, {**_body(said), "digest": remote.get(path)["digest"]})


def remove(remote: Remote, webhook: str) -> None:
    """Remove a receiver; raises NotFoundError."""
    path = _path(webhook)
    remote.send("DELETE", path, digest=remote.get(path)["digest"])


def secret(remote: Remote, webhook: str) -> str:
    """Return a receiver's secret; the audit there keeps that it was looked at."""
    return str(remote.get(f"{_path(webhook)}/secret")["secret"])


def rotate(remote: Remote, webhook: str) -> str:
    """Give a receiver a new secret; return it."""
    return str(remote.send("POST", f"{_path(webhook)}/rotate")["secret"])


def enable(remote: Remote, webhook: str) -> None:
    """Enable a receiver that had answered 410 Gone."""
    remote.send("POST", f"{_path(webhook)}/enable")


def deliveries(remote: Remote, limit: int, webhook: str | None, state: str | None) -> list[Delivery]:
    """Return deliveries, newest first."""
    return structs_of(remote.listed("/webhooks/deliveries", limit, webhook=webhook, state=state), Delivery)


def replay(remote: Remote, webhook: str, delivery: int | None) -> int:
    """Have dead deliveries tried again; return how many. Raises NotFoundError for none."""
    return int(remote.send("POST", f"{_path(webhook)}/replay", {"delivery": delivery})["count"])


def tried(remote: Remote, webhook: str, wait: float) -> Tried:
    """Send a test to a receiver."""
    found = remote.send("POST", f"{_path(webhook)}/test", {"wait": min(wait, 30.0)})["delivery"]
    return Tried(struct_of(found, Delivery) if found else None)


def _path(webhook: str) -> str:
    return f"/webhooks/{place(webhook)}"


def _body(said: Definition) -> dict[str, Any]:
    """Return what was said of a receiver as the API takes it."""
    fields = {**msgspec.structs.asdict(said), **msgspec.structs.asdict(said.selection)}
    del fields["selection"]
    return {name: value for name, value in fields.items() if value is not None}


def _webhook(row: dict[str, Any]) -> WebhookStatus:
    said = row["selection"]
    words = {**said, "severity": NUMBERS[said["severity"]], "breaks_quiet": NUMBERS[said["breaks_quiet"]]}
    hook = struct_of({**row, "filter": written(msgspec.convert(words, Selection))}, Webhook)
    return struct_of({**row, "webhook": msgspec.to_builtins(hook)}, WebhookStatus)
