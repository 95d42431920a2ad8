# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.exits import StartupError
from decnet_decoys.fleet import FleetError, deckies, profile_of, reach, suggestions
from decnet_decoys.personas.catalog import PersonaError, parsed, persona
from decnet_decoys.services import service_registry
from decnet_decoys.settings import DeckySettings, DecoysSettings

PERSONA = """
os = "Test OS"
family = "debian"
hostname = "test"
kernel = "6.1.0"
kernel_build = "#1 SMP"
uptime_days = 3
users = []
processes = []
listeners = []
[hardware]
cpu = "x"
cores = 1
mhz = 1.0
memory_kib = 1
used_kib = 1
mac = "00:00:00:00:00:00"
interface = "eth0"
disks = []
"""


def test_every_service_has_a_port_that_needs_no_privilege_and_a_way_to_reach_it() -> None:
    services = [service_registry.load(name) for name in service_registry.names()]
    assert len({service.default_port for service in services}) == len(services)
    assert all(service.default_port >= 1024 and "{address}" in service.reach for service in services)


def test_services_are_described_without_what_they_serve_with(python: str) -> None:
    code = (
        "import sys; from decnet_decoys.services import service_registry as r\n"
        "found = [(name, r.load(name).default_port, r.load(name).reach) for name in r.names()]\n"
        "assert ('ssh', 2222, 'ssh -p {port} {user}@{address}') in found, found\n"
        "assert not {'asyncssh', 'cryptography', 'decnet_decoys.shell.interpreter'} & set(sys.modules)\n"
        "served = {f'decnet_decoys.{n}.dialogue' for n in ('mysql', 'redis', 'smtp')} & set(sys.modules)\n"
        "assert not served, served"
    )
    subprocess.run([python, "-c", code], check=True, timeout=100)


async def test_a_name_without_an_implementation_is_refused_and_not_served_as_another(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings(offers=("gopher",)))
    with pytest.raises(StartupError, match=r"decky web-01: there is no service 'gopher'; there are: .*http.*, ssh"):
        await host.open()
    await host.close()


@pytest.mark.usefixtures("trial")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken", "service 'broken' cannot be loaded from no_such_module:Service: No module named 'no_such_module'"),
        (
            "text",
            "service 'text' cannot be loaded from tests.decnet_decoys.trial_services:NOT_A_SERVICE: it is not a "
            "Service",
        ),
    ],
)
def test_an_entry_point_that_is_no_service_is_refused(name: str, message: str) -> None:
    with pytest.raises(service_registry.UnknownService, match=f"{re.escape(message)}; others are: .*http.*, ssh"):
        service_registry.load(name)


@pytest.mark.usefixtures("trial")
def test_an_installed_service_joins_no_decky_unasked() -> None:
    assert "echo" in service_registry.names()
    assert list(service_registry.default_ports()) == ["ssh", "http"]


@pytest.mark.usefixtures("trial")
def test_a_persona_need_not_describe_a_service_that_has_defaults() -> None:
    (decky,) = deckies(offering({"echo": 7007, "ssh": 22}))
    assert decky.services == (("echo", 7007), ("ssh", 22))


@pytest.mark.usefixtures("trial")
def test_tcp_and_udp_services_may_have_the_same_port_two_of_one_transport_not() -> None:
    deckies(offering({"echo": 7007, "udp-echo": 7007}))
    with pytest.raises(FleetError, match=r"two deckies have the same address and port: 127\.77\.0\.1:7007"):
        deckies(offering({"echo": 7007, "impatient": 7007}))


@pytest.mark.usefixtures("trial")
def test_a_service_without_defaults_that_the_persona_does_not_describe_is_refused() -> None:
    with pytest.raises(FleetError, match=r"decky a: persona nas does not describe banner, .* add \[services.banner\]"):
        deckies(offering({"banner": 7008}))


@pytest.mark.usefixtures("trial")
def test_a_persona_describes_each_service_with_its_own_profile() -> None:
    who = parsed("mine", PERSONA + '[services.banner]\nbanner = "hello"\n')
    assert profile_of("banner", who).banner == "hello"
    assert who.profile(service_registry.load("ssh").Profile) is None


@pytest.mark.usefixtures("trial")
@pytest.mark.parametrize(
    ("services", "message"),
    [
        ("[services.gopher]\n", "persona mine: there is no service 'gopher'; there are: "),
        (
            '[services.banner]\nbanner = "a"\ncolour = "b"\n',
            "persona mine: services.banner: Object contains unknown field `colour`",
        ),
        ("[services.banner]\n", "persona mine: services.banner: Object missing required field `banner`"),
    ],
)
def test_what_no_service_understands_is_an_error_of_the_persona(services: str, message: str) -> None:
    with pytest.raises(PersonaError, match=re.escape(message)):
        parsed("mine", PERSONA + services)


def test_a_decky_that_names_no_services_offers_what_its_persona_describes() -> None:
    fleet = deckies(DecoysSettings())
    assert {tuple(name for name, _ in decky.services) for decky in fleet} == {("ssh", "http")}
    assert all(set(persona(decky.persona).services) >= {"ssh", "http"} for decky in fleet)


def test_each_service_is_suggested_once() -> None:
    fleet = deckies(DecoysSettings())
    assert reach(fleet[1]) == ["ssh -p 2222 root@127.77.0.11", "http://127.77.0.11:8080/"]
    assert suggestions(fleet) == [
        "ssh -p 2222 root@127.77.0.10  (password admin123)",
        "curl http://127.77.0.10:8080/",
    ]


def offering(services: dict[str, int]) -> DecoysSettings:
    return DecoysSettings(decky=(DeckySettings(name="a", address="127.77.0.1", persona="nas", services=services),))
