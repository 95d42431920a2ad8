# SPDX-License-Identifier: MIT
"""Each persona tells one story: what its commands say fits its banners and files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import WITH_SHELL, WITH_SSH, Player, http_profile, ssh_profile

from decnet_decoys.personas.catalog import names, persona

ORDINARY = [
    "ls",
    "cd",
    "pwd",
    "cat",
    "echo",
    "uname",
    "id",
    "whoami",
    "w",
    "uptime",
    "ps",
    "df",
    "free",
    "ifconfig",
    "ip",
    "netstat",
    "ss",
    "env",
    "export",
    "history",
    "wget",
    "curl",
    "chmod",
    "mkdir",
    "rm",
    "touch",
    "cp",
    "mv",
    "head",
    "tail",
    "grep",
    "wc",
    "sort",
    "find",
    "crontab",
    "passwd",
    "su",
    "which",
    "hostname",
    "date",
    "nproc",
    "lscpu",
    "base64",
]


@pytest.mark.parametrize("name", WITH_SHELL)
def test_the_kernel_is_the_same_everywhere(player: Callable[..., Player], name: str) -> None:
    run = player(name)
    kernel = persona(name).kernel
    assert run("uname -r").text == f"{kernel}\n"
    assert kernel in run("cat /proc/version").text


@pytest.mark.parametrize("name", WITH_SHELL)
def test_every_listener_has_its_process(player: Callable[..., Player], name: str) -> None:
    processes = {process.pid for process in persona(name).processes}
    assert {socket.pid for socket in persona(name).listeners} <= processes
    shown = player(name)("netstat -tuln").text
    assert all(f":{socket.port} " in shown for socket in persona(name).listeners)


@pytest.mark.parametrize("name", WITH_SHELL)
def test_the_release_files_name_the_system(player: Callable[..., Player], name: str) -> None:
    assert persona(name).os.split()[0] in player(name)("cat /etc/os-release").text


@pytest.mark.parametrize("name", WITH_SHELL)
def test_ordinary_commands_are_known_and_lie_where_which_says(player: Callable[..., Player], name: str) -> None:
    run = player(name)
    for command in ORDINARY:
        assert run(f"type {command}").status == 0, command
        path = run(f"which {command}").text.strip()
        assert not path or run(f"ls {path}").status == 0, path


@pytest.mark.parametrize("name", names())
def test_accepted_passwords_belong_to_accounts_that_can_log_in(name: str) -> None:
    for user in persona(name).users:
        assert not user.passwords or user.shell.endswith("sh")


def test_personas_differ_in_every_banner() -> None:
    columns = (
        [ssh_profile(name).version for name in WITH_SSH],
        [http_profile(name).server for name in names()],
        [persona(name).kernel for name in WITH_SHELL],
        [persona(name).hostname for name in names()],
        [persona(name).os for name in WITH_SHELL if name != "mail-server"],
    )
    for shown in columns:
        assert len(shown) >= 3
        assert len(set(shown)) == len(shown)


def test_there_are_machines_of_every_kind() -> None:
    offices = {"debian-web", "ubuntu-db", "nas", "windows-fileserver", "windows-workstation", "esxi"}
    assert set(names()) >= offices | {"printer", "ip-camera", "switch", "plc", "mail-server", "build-server"}


@pytest.mark.parametrize("name", names())
def test_a_persona_says_what_it_is_and_offers_something(name: str) -> None:
    who = persona(name)
    assert who.summary.endswith(".")
    assert who.services


@pytest.mark.parametrize("name", names())
def test_the_tcp_stack_is_one_of_the_claimed_systems_family(name: str) -> None:
    who = persona(name)
    expected = 128 if "Windows" in who.os else 255 if "IOS" in who.os else 64
    assert who.stack.ttl == expected
    without_timestamps = "Windows" in who.os or (who.family is None and name not in {"esxi", "ip-camera"})
    assert who.stack.timestamps is not without_timestamps
    assert (who.stack.closed_ports == "silent") is ("Windows" in who.os or name == "esxi")  # both have firewalls
