# SPDX-License-Identifier: MIT
"""Sends a test to a receiver and tells what came of it."""

import msgspec

from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.remote.current import master
from decnet.webhook import endpoints
from decnet_core.text import for_terminal
from decnet_models.webhooks.queries import Delivery, WebhookStatus


class Tried(msgspec.Struct, frozen=True):
    """A test that was sent, or waits."""

    delivery: Delivery | None

    @property
    def words(self) -> str:
        one = self.delivery
        if one is None:
            return "not attempted yet: is the webhook worker running? See decnet status"
        detail = one.error or (None if one.status is None else str(one.status))
        if detail and one.status is not None and 300 <= one.status < 400:
            detail += ", and redirects are not followed: give the address that it names with decnet webhook edit"
        said = f"\nanswer  {for_terminal(one.answer)}" if one.answer else ""
        return (
            f"{one.state} after {one.attempts} attempt{'' if one.attempts == 1 else 's'}"
            + (f": {detail}" if detail else "")
            + said
        )


def tried(deployment: Deployment, webhook_id: str, wait: float) -> Tried:
    """Send a test; wait for its outcome when somebody may be there to send it."""
    with transaction(deployment, write=True) as connection:
        seq = endpoints.write_test(connection, endpoints.find(connection, webhook_id))
    reached = endpoints.nudge(deployment, seq)
    return Tried(endpoints.outcome(deployment, webhook_id, seq, wait if reached else 0))


def outcome_of(webhook_id: str, wait: float) -> Tried:
    """Send a test, on the master that the environment names or here."""
    if (remote := master()) is not None:
        from decnet.remote import webhooks as there

        return there.tried(remote, webhook_id, wait)
    return tried(find_deployment(), webhook_id, wait)


def without_secrets(status: WebhookStatus) -> WebhookStatus:
    """Return what may be shown of a receiver."""
    return msgspec.structs.replace(status, webhook=msgspec.structs.replace(status.webhook, sealed=None))
