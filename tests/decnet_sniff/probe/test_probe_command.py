# SPDX-License-Identifier: MIT
"""`decnet-probe HOST:PORT`: the same safety as the worker's, with a word that says what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.decnet_sniff.probe import probe_servers
from tests.decnet_sniff.probe.probe_servers import HERE, serving
from typer.testing import CliRunner, Result

from decnet_core.exits import Exit
from decnet_core.runtime.command import build
from decnet_sniff.probe.worker import Probe


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(Probe), arguments, prog_name="decnet-probe")


@pytest.fixture(autouse=True)
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "decnet.toml"
    file.write_text("[probe]\nstack = false\n")
    monkeypatch.setenv("DECNET_SETTINGS", str(file))
    return file


@pytest.mark.parametrize(("wanted", "words"), [((), "decnet-probe [OPTIONS]"), (("ask",), "[address] for IPv6")])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_shows_what_stands_in_brackets(wanted: tuple[str, ...], words: str, option: str) -> None:
    result = run(*wanted, option)
    assert result.exit_code == 0
    assert words in " ".join(result.output.split())


@pytest.mark.parametrize("target", [f"{HERE}:443", "[::1]:443", "::1", HERE, "localhost", "10.1.2.3:443"])
def test_own_and_private_addresses_are_refused_with_the_way_round_it(target: str) -> None:
    result = run(target)
    assert result.exit_code == Exit.STARTUP_FAILED
    assert "is not probed: it is" in result.output
    assert "--mine" in result.output


def test_excluded_address_is_refused_even_when_it_is_mine(no_settings: Path) -> None:
    no_settings.write_text('[probe]\ndeny = ["127.0.0.0/8"]\n')
    result = run(f"{HERE}:443", "--mine")
    assert result.exit_code == Exit.STARTUP_FAILED
    assert "excluded" in result.output
    assert "--mine" not in result.output


@pytest.mark.parametrize("target", ["a:b", "a:0", "a:65536", ":443", "[::1]x", ""])
def test_an_invalid_target_is_reported(target: str) -> None:
    result = run("ask", target)
    assert result.exit_code == Exit.STARTUP_FAILED
    assert "is no HOST:PORT" in result.output


def test_wrong_settings_are_reported_in_one_line(no_settings: Path) -> None:
    no_settings.write_text('[probe]\ndeny = ["x"]\n')
    result = run(f"{HERE}:443")
    assert result.exit_code == Exit.STARTUP_FAILED
    assert "deny" in result.output
    assert len(result.output.splitlines()) <= 2


async def test_findings_are_shown_and_are_json_when_asked_for(tmp_path: Path) -> None:
    pair = probe_servers.certificate(tmp_path, subject="/CN=\x1b[2J")
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        plain = await asyncio.to_thread(run, f"{HERE}:{port}", "--mine")
        lines = await asyncio.to_thread(run, f"{HERE}:{port}", "--mine", "--json")
    assert plain.exit_code == lines.exit_code == 0
    assert "\x1b" not in plain.output
    found = [msgspec.json.decode(line) for line in lines.output.splitlines()]
    assert [line["payload"]["kind"] for line in found] == ["probe.tls", "probe.certificate"]
    assert {(line["address"], line["port"]) for line in found} == {(HERE, port)}
    assert f"jarm  {found[0]['payload']['jarm']}" in plain.output


async def test_nothing_found_is_exit_code_1() -> None:
    async with serving(probe_servers.saying(b"220 ready\r\n")) as port:
        result = await asyncio.to_thread(run, f"{HERE}:{port}", "--mine")
    assert result.exit_code == 1
    assert "neither TLS nor SSH answers there" in result.output
