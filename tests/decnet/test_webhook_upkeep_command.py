# SPDX-License-Identifier: MIT
"""`decnet webhook rotate` and `enable` on a real database."""

from __future__ import annotations

from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_models.webhooks import delivery_queries, queries
from decnet_models.webhooks.delivery_queries import EndpointState


def added(run: Run) -> dict[str, str]:
    document: dict[str, str] = run("webhook", "add", "https://example.org/hook", "--json").document
    return document


def test_rotated_secret_is_new_and_shown_again(run: Run, deployment: Deployment) -> None:
    one = added(run)
    rotated = run("webhook", "rotate", one["id"]).out.strip()
    assert rotated.startswith("whsec_")
    assert rotated != one["secret"]
    assert run("webhook", "secret", one["id"]).out.strip() == rotated


def test_enabled_webhook_is_no_longer_gone(run: Run, deployment: Deployment) -> None:
    one = added(run)
    with transaction(deployment, write=True) as connection:
        (status,) = queries.webhooks(connection)
        delivery_queries.record_state(connection, one["id"], EndpointState(1, gone_at=status.webhook.enabled_at + 1))
    assert "gone" in run("webhook", "list").out
    assert run("webhook", "enable", one["id"]).code == 0
    assert "gone" not in run("webhook", "list").out


def test_what_is_not_there_cannot_be_rotated_or_enabled(run: Run, deployment: Deployment) -> None:
    assert run("webhook", "rotate", "wh_none").code == 1
    assert run("webhook", "enable", "wh_none").code == 1
