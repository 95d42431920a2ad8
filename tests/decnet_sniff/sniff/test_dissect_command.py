# SPDX-License-Identifier: MIT
"""`decnet-sniff dissect`: scapy's view of each packet beside ours; without scapy, what to install."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer
from tests.decnet_sniff.sniff.sniff_packet_makers import CLIENT, conversation, ether, pcap
from typer.testing import CliRunner, Result

from decnet_sniff.sniff.commands import register

REQUEST = b"GET / HTTP/1.1\r\nHost: decky\r\nUser-Agent: curl/8.0\x1b[31m\r\n\r\n"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["dissect", *arguments])


@pytest.fixture
def capture(tmp_path: Path) -> str:
    packets = [*map(ether, conversation([REQUEST])), b"\xff" * 12 + b"\x08\x06" + bytes(28)]
    file = tmp_path / "capture.pcap"
    file.write_bytes(pcap(packets))
    return str(file)


def test_each_packet_is_shown_by_scapy_and_by_us(capture: str) -> None:
    done = run(capture, "--json")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [line["number"] for line in lines] == [*range(1, len(lines)), 0]
    assert f"{CLIENT}:40000" in lines[0]["scapy"]
    assert lines[0]["findings"][0]["payload"]["kind"] == "tcp.stack"
    reported = [(line["scapy"], one["payload"]["kind"]) for line in lines for one in line["findings"]]
    assert any(kind == "http.client" and "TCP" in scapy for scapy, kind in reported)
    assert lines[-2]["counted"] == {"frames_not_ip": 1}
    assert "ARP" in lines[-2]["scapy"]
    assert {one["payload"]["kind"] for one in lines[-1]["findings"]} == {"flow.closed"}


def test_for_people_nothing_that_attackers_send_reaches_the_terminal_raw(capture: str) -> None:
    done = run(capture)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 2023-11-14T22:13:20")
    assert "http.client" in done.output
    assert "\x1b" not in done.output


def test_one_packet_is_shown_in_full(capture: str) -> None:
    done = run(capture, "--packet", "1")
    assert done.exit_code == 0, done.output
    assert all(line in done.output for line in ("###[ TCP ]###", "window    = 64240", "tcp.stack"))
    assert "###[ TCP ]###" not in run(capture, "--packet", "5000").output


def test_there_may_be_no_such_packet_or_file_or_no_capture_in_it(capture: str, tmp_path: Path) -> None:
    assert "there is no packet 5000" in run(capture, "--packet", "5000").output
    assert "cannot be read: No such file" in run(str(tmp_path / "none")).output
    (tmp_path / "empty").touch()
    done = run(str(tmp_path / "empty"))
    assert (done.exit_code, "the file is empty" in done.output) == (1, True)


def test_without_scapy_it_says_what_to_install(capture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scapy.layers.all", None)
    done = run(capture)
    assert done.exit_code == 1
    assert "install extras.txt of the wheelhouse (docs/install.md)" in done.output
