# SPDX-License-Identifier: MIT
"""Tools that name themselves are recognised by what they really send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_models.attackers.scoring.score import TOOL_POINTS
from decnet_workers.profiler.tools import NAMES, PURPOSES, SSH, USER_AGENTS, guess


@pytest.mark.parametrize(
    ("software", "tool"),
    [
        ("SSH-2.0-libssh2_1.10.0", "libssh2"),
        ("SSH-2.0-libssh_0.9.6", "libssh"),
        ("SSH-2.0-libssh-0.6.3", "libssh"),
        ("SSH-2.0-paramiko_3.4.0", "Paramiko"),
        ("SSH-2.0-Go", "Go x/crypto/ssh"),
        ("SSH-2.0-AsyncSSH_2.14.2", "AsyncSSH"),
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "OpenSSH"),
        ("SSH-2.0-PuTTY_Release_0.81", "PuTTY"),
        ("SSH-2.0-JSCH-0.1.54", "JSch"),
        ("SSH-2.0-Nmap-SSH2-Hostkey", "Nmap"),
        ("SSH-1.5-Nmap-SSH1-Hostkey", "Nmap"),
        ("SSH-2.0-ZGrab ZGrab SSH Survey", "ZGrab"),
        ("SSH-2.0-MEDUSA_1.0", "Medusa"),
        ("SSH-2.0-dropbear_2022.83", "Dropbear"),
        ("SSH-2.0-Renci.SshNet.SshClient.0.0.1", "SSH.NET"),
        ("sqlmap/1.7.2#stable (https://sqlmap.org)", "sqlmap"),
        ("Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)", "Nikto"),
        ("Nuclei - Open-source project (github.com/projectdiscovery/nuclei)", "Nuclei"),
        ("gobuster/3.6", "Gobuster"),
        ("Fuzz Faster U Fool v2.1.0", "ffuf"),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "Nmap"),
        ("Mozilla/5.0 zgrab/0.x", "ZGrab"),
        ("Mozilla/5.0 (Hydra)", "Hydra"),
        ("Hello, World", "Mirai-like loader"),
        ("curl/7.88.1", "curl"),
        ("Wget/1.21.3", "Wget"),
        ("python-requests/2.31.0", "Requests"),
        ("Python-urllib/3.11", "urllib"),
        ("Python/3.11 aiohttp/3.9.1", "aiohttp"),
        ("Go-http-client/1.1", "Go net/http"),
        ("Apache-HttpClient/4.5.14 (Java/17.0.9)", "Apache HttpClient"),
        (
            "Mozilla/5.0 (X11) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36",
            "Headless Chrome",
        ),
    ],
)
def test_known_client_is_recognised(software: str, tool: str) -> None:
    found = guess(software)
    assert found is not None
    assert found.name == tool


@pytest.mark.parametrize(
    "software",
    [
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (Windows NT 10.0; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
        "SSH-2.0-Something_1.0",
        "",
    ],
)
def test_a_browser_and_an_unknown_client_are_no_tool(software: str) -> None:
    assert guess(software) is None


def test_every_row_is_reachable_and_fits_its_column() -> None:
    for part, name, purpose in SSH:
        found = guess(part if part.startswith("ssh-") else f"SSH-2.0-{part}")
        assert (found.name, found.purpose) == (name, purpose) if found else False, part
    for part, name, purpose in USER_AGENTS:
        found = guess(f"x {part.upper()}")
        assert (found.name, found.purpose) == (name, purpose) if found else False, part
    assert len(NAMES) >= 25
    assert all(len(name) <= 64 for name in NAMES)


def test_score_knows_what_tools_are_for() -> None:
    assert set(TOOL_POINTS) <= set(PURPOSES)


@given(st.text(max_size=600))
def test_any_text_is_a_known_tool_or_none(text: str) -> None:
    found = guess(text)
    assert found is None or (found.name in NAMES and found.purpose in PURPOSES)
