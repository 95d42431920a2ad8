# SPDX-License-Identifier: MIT
"""Figures for Prometheus and health: who may read them, that every line is one of the format, and what labels hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.decnet_web.api.served import ON_SQLITE, Served, serving

from decnet_web.api.live.exposition import Family, exposition

_LINE = re.compile(
    r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+|# (HELP|TYPE) .+'
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics"])
async def test_a_program_on_this_host_reads_the_figures(served: Served, path: str) -> None:
    async with served.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert [line for line in lines if not _LINE.fullmatch(line)] == []
    assert "decnet_events_total 0" in lines
    # The default fleet's, of which nobody knows, since no decoys runs.
    assert any(line.startswith('decnet_deckies{state="unknown"} ') for line in lines)
    assert any(line.startswith('decnet_worker_state{worker="ingest",state=') for line in lines)
    assert answer.text.endswith("\n")


async def test_from_elsewhere_and_through_a_proxy_it_needs_a_token(served: Served) -> None:
    far = httpx.ASGITransport(served.application, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=far, base_url="http://decnet") as client:
        assert (await client.get("/metrics")).status_code == 401
        token = {"Authorization": f"Bearer {served.tokens['viewer']}"}
        assert (await client.get("/metrics", headers=token)).status_code == 200
    async with served.client(None, **{"X-Forwarded-For": "127.0.0.1"}) as client:
        assert (await client.get("/metrics")).status_code == 401


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_health_is_open_and_says_nothing_else(served: Served, prefix: str) -> None:
    far = httpx.ASGITransport(served.application, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=far, base_url="http://decnet") as client:
        for name in ("healthz", "readyz"):
            answer = await client.get(f"{prefix}/{name}")
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@ON_SQLITE
async def test_without_its_database_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (served.deployment.state.root / "decnet.db").unlink()
        async with served.client() as client:
            assert (await client.get("/healthz")).status_code == 200
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert "decnet.db" not in answer.text


def test_what_a_label_holds_cannot_end_it() -> None:
    text = exposition([Family("x", "gauge", "X.", (({"name": 'a"} 1\nb\\'}, 0.5),))])
    assert text.splitlines()[2:] == ['x{name="a\\"} 1\\nb\\\\"} 0.5']
