# SPDX-License-Identifier: MIT
"""Where bus and database are decides which addresses the units may speak with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from decnet.installation.master import database_of
from decnet_core.settings import Settings
from decnet_core.setup.host_files import jobs_of, site_of

PROGRAMS = Path("/opt/decnet/bin")


def settings(**sections: dict[str, Any]) -> Settings:
    return Settings(sections, {}, "test")


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("", "none"),
        ("sqlite:////srv/decnet.db", "none"),
        ("postgresql+psycopg://d@/d", "none"),
        ("postgresql+psycopg://d@localhost/d", "loopback"),
        ("postgresql+psycopg://d@127.0.0.1/d", "loopback"),
        ("postgresql+psycopg://d@db.example.net/d", "any"),
        ("postgresql+psycopg://d@192.0.2.7/d", "any"),
    ],
)
def test_a_database_is_reached_as_far_as_it_is_away(url: str, network: str) -> None:
    chosen = settings(database={"url": url})
    assert site_of(chosen, PROGRAMS, database=database_of(chosen, "/var/lib/decnet")).database_network == network


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("", "none"),
        ("unix:///run/nats.sock", "none"),
        ("nats://127.0.0.1:4222", "loopback"),
        ("nats://[::1]:4222", "loopback"),
        ("nats://127.0.0.1,nats://nats.example.net", "any"),
    ],
)
def test_a_bus_is_reached_as_far_as_its_farthest_server_is_away(url: str, network: str) -> None:
    assert site_of(settings(bus={"url": url}), PROGRAMS).bus_network == network


def test_a_bus_elsewhere_needs_no_broker() -> None:
    names = [job.name for job in jobs_of(settings(bus={"url": "nats://nats.example.net"}))]
    assert "bus" not in names
    assert "ingest" in names


def test_only_ports_below_1024_need_a_capability() -> None:
    low = {job.name: job.capabilities for job in jobs_of(settings(canary={"dns_listen": "0.0.0.0:53"}))}
    assert low["canary"] == ("CAP_NET_BIND_SERVICE",)
    assert low["decoys"] == ()
    decky = {"name": "a", "address": "127.77.1.1", "persona": "debian-web", "services": {"ssh": 22}}
    assert {job.name for job in jobs_of(settings(decoys={"decky": [decky]})) if job.capabilities} == {"decoys"}
    assert not any(job.capabilities for job in jobs_of(settings()))


def test_the_state_directory_and_the_database_are_where_the_settings_say() -> None:
    chosen = settings(state={"dir": "/srv/d"}, database={"url": "sqlite:////data/x/d.db"})
    site = site_of(chosen, PROGRAMS, database=database_of(chosen, "/srv/d"))
    assert (site.state, site.database, site.database_file) == ("/srv/d", "/data/x", "/data/x/d.db")
    assert site_of(settings(state={"dir": "/srv/d"}), PROGRAMS).database == "/srv/d/database"
