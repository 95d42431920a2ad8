# SPDX-License-Identifier: MIT
"""`decnet webhook` on a real database, without the worker."""

from __future__ import annotations

import time

from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_models.webhooks import delivery_queries, queries
from decnet_models.webhooks.delivery_queries import NewDelivery


def added(run: Run, *more: str) -> dict[str, str]:
    document: dict[str, str] = run("webhook", "add", "https://example.org/hook", "--json", *more).document
    return document


def test_added_webhook_is_listed_and_its_secret_shown_again(run: Run, deployment: Deployment) -> None:
    one = added(run, "--kind", "canary.*")
    assert one["secret"].startswith("whsec_")
    assert run("webhook", "secret", one["id"]).out.strip() == one["secret"]
    (listed,) = run("webhook", "list", "--json").document
    assert listed["webhook"]["kinds"] == ["canary.*"]
    assert one["id"] in run("webhook", "list").out


def test_secret_is_not_in_the_database(run: Run, deployment: Deployment) -> None:
    secret = added(run)["secret"].removeprefix("whsec_")
    stored = b"".join(file.read_bytes() for file in deployment.state.root.glob("decnet.db*"))
    assert secret.encode() not in stored


def test_removed_webhook_is_gone(run: Run, deployment: Deployment) -> None:
    one = added(run)
    assert run("webhook", "remove", one["id"]).code == 0
    assert run("webhook", "list", "--json").document == []
    assert run("webhook", "remove", one["id"]).code == 1


def test_wrong_url_is_refused(run: Run, deployment: Deployment) -> None:
    said = run("webhook", "add", "ftp://example.org/")
    assert said.code == 2
    assert "https://" in said.err


def test_address_to_which_nothing_would_be_sent_is_refused(run: Run, deployment: Deployment) -> None:
    for url in ("http://127.0.0.1:9000/hook", "syslog+udp://[fd00::1]:514"):
        said = run("webhook", "add", url)
        assert said.code == 1
        assert "use --allow-private" in said.err
        assert run("webhook", "list", "--json").document == []
        made = run("webhook", "add", url, "--allow-private", "--json").document
        assert run("webhook", "remove", made["id"]).code == 0
    never = run("webhook", "add", "http://169.254.169.254/", "--allow-private")
    assert never.code == 1
    assert "--allow-private" not in never.err  # which would not help
    assert "allow_networks" in never.err


def test_a_receiver_is_not_moved_to_where_nothing_would_be_sent(run: Run, deployment: Deployment) -> None:
    one = added(run)["id"]
    assert "use --allow-private" in run("webhook", "edit", one, "--url", "http://127.0.0.1:9000/hook").err
    assert run("webhook", "list", "--json").document[0]["webhook"]["url"] == "https://example.org/hook"
    assert run("webhook", "edit", one, "--url", "http://127.0.0.1:9000/hook", "--allow-private").code == 0
    assert run("webhook", "edit", one, "--url", "http://127.0.0.1:9001/hook").code == 0  # it has the permission


def test_glob_that_matches_nothing_is_refused(run: Run, deployment: Deployment) -> None:
    said = run("webhook", "add", "https://example.org/", "--kind", "canery.*")
    assert said.code == 2
    assert "canary.hit" in said.err


def test_test_without_a_worker_says_so(run: Run, deployment: Deployment) -> None:
    said = run("webhook", "test", added(run)["id"], "--wait", "0")
    assert said.code == 1
    assert "is the webhook worker running?" in said.out


def test_dead_deliveries_are_shown_and_replayed(run: Run, deployment: Deployment) -> None:
    one = added(run)
    run("webhook", "test", one["id"], "--wait", "0")
    now = time.time_ns()
    with transaction(deployment, write=True) as connection:
        delivery_queries.add_deliveries(connection, [NewDelivery(one["id"], 1, "webhook.test", "{}")], now_ns=now)
        delivery_queries.give_up(connection, one["id"], "nobody there \x1b", created_before=now + 1, now_ns=now)
    said = run("webhook", "deliveries", "--outcome", "dead")
    assert r"nobody there \x1b" in said.out
    assert "1 will be retried" in run("webhook", "replay", one["id"]).out
    with transaction(deployment) as connection:
        assert queries.deliveries(connection, state=queries.DEAD)[0].webhook_id == one["id"]
        assert len(delivery_queries.replays_after(connection, 0, 10)) == 1


def test_replay_of_nothing_is_reported(run: Run, deployment: Deployment) -> None:
    assert run("webhook", "replay", added(run)["id"]).code == 1
