# SPDX-License-Identifier: MIT
"""`decnet webhook add --format`, `edit`, `rotate` and `enable` on a real database."""

from __future__ import annotations

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet.webhook import endpoints
from decnet.webhook.trying import Tried
from decnet_models.notices import queries as notices
from decnet_models.webhooks import delivery_queries, queries
from decnet_models.webhooks.delivery_queries import EndpointState
from decnet_models.webhooks.queries import Delivery
from decnet_workers.webhook.endpoint import opened
from decnet_workers.webhook.signature import webhook_key


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


SLACK = "https://hooks.slack.com/services/T0/B0/very-secret"


def test_a_format_is_known_by_its_host_and_its_url_is_kept_secret(run: Run, deployment: Deployment) -> None:
    said = run("webhook", "add", SLACK)
    assert said.code == 0
    assert "format  slack" in said.out
    for words in (("list",), ("list", "--json"), ("formats",), ("deliveries", "--json")):
        assert "very-secret" not in run("webhook", *words).out
    (listed,) = run("webhook", "list", "--json").document
    assert (listed["webhook"]["url"], listed["webhook"]["format"]) == ("https://hooks.slack.com/…", "slack")
    stored = b"".join(file.read_bytes() for file in deployment.state.root.glob("decnet.db*"))
    assert b"very-secret" not in stored


def test_adding_sends_a_test_that_waits_for_the_worker(run: Run, deployment: Deployment) -> None:
    said = run("webhook", "add", "https://example.org/hook")
    assert said.code == 0
    assert "is the webhook worker running?" in said.out
    with transaction(deployment) as connection:
        assert notices.last_seq(connection) == 1
    assert "test" not in run("webhook", "add", "https://example.org/other", "--no-test").out


@pytest.mark.parametrize(
    ("state", "status", "error", "words"),
    [
        ("delivered", 200, None, "delivered after 1 attempt: 200"),
        ("pending", 429, "answered 429", "pending after 1 attempt: answered 429"),
        ("pending", None, "no answer within 10 s", "pending after 1 attempt: no answer within 10 s"),
        ("pending", 302, "answered 302", "pending after 1 attempt: answered 302, and redirects are not followed: "),
    ],
)
def test_what_came_of_a_test_is_told_once(state: str, status: int | None, error: str | None, words: str) -> None:
    one = Delivery(1, "wh_1", 1, "test", "m", "", state, 1, 0, 0, None, None, status, error)
    assert Tried(one).words.startswith(words)
    assert status == 302 or Tried(one).words == words


def test_what_a_format_needs_and_what_it_has_not_is_told(run: Run, deployment: Deployment) -> None:
    wrong = {
        ("https://x.test/", "--format", "slak"): "formats are: json, slack",
        ("https://x.test/", "--format", "pagerduty"): "needs a token: the integration (routing) key",
        ("https://x.test/", "--format", "slack", "--token", "x"): "has no token",
        ("https://x.test/", "--format", "telegram", "--token", "1:a"): "needs the option chat",
        ("https://x.test/", "--format", "slack", "--option", "a=b"): "no option 'a'",
        ("https://x.test/", "--format", "mail"): "smtp:",
        ("https://x.test/", "--format", "misp", "--token", "a\r\nX: y"): "visible ASCII",
    }
    for words, reason in wrong.items():
        said = run("webhook", "add", *words)
        assert (said.code, reason in said.err) == (2, True), said.err
    assert run("webhook", "add", "https://x.test/", "--option", "chat").code == 2


def test_edited_webhook_keeps_its_id_its_secret_and_what_was_not_said(run: Run, deployment: Deployment) -> None:
    one = added(run)
    edited = ("--format", "opsgenie", "--token", "first", "--kind", "canary.*", "--allow-private")
    assert run("webhook", "edit", one["id"], *edited).code == 0
    (listed,) = run("webhook", "list", "--json").document
    hook = listed["webhook"]
    assert (hook["id"], hook["format"], hook["kinds"], hook["allow_private"]) == (
        one["id"], "opsgenie", ["canary.*"], True,
    )  # fmt: skip
    assert run("webhook", "secret", one["id"]).out.strip() == one["secret"]
    assert run("webhook", "edit", one["id"], "--kind", "", "--no-private").code == 0
    (listed,) = run("webhook", "list", "--json").document
    assert (listed["webhook"]["kinds"], listed["webhook"]["format"]) == ([], "opsgenie")
    key = webhook_key(deployment.state.keys)
    with transaction(deployment) as connection:
        kept = opened(endpoints.find(connection, one["id"]), key)
    assert (kept.url, kept.access.token, kept.allow_private) == ("https://example.org/hook", "first", False)
    assert run("webhook", "edit", one["id"], "--url", "http://127.0.0.1:9/", "--allow-private").code == 0
    refused = run("webhook", "edit", one["id"], "--no-private")
    assert (refused.code, "127.0.0.1 is loopback" in refused.err) == (1, True), "nothing would be sent any more"
    assert run("webhook", "edit", one["id"], "--url", "https://example.org/hook", "--no-private").code == 0
    assert run("webhook", "edit", "wh_none", "--kind", "").code == 1
    assert "needs a token" in run("webhook", "edit", one["id"], "--format", "misp").err, "the old one was another's"
    assert run("webhook", "edit", one["id"], "--format", "mattermost").code == 0
