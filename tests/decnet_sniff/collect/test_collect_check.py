# SPDX-License-Identifier: MIT
"""`decnet-collect --check`: what the lines of a source would become, as a table and as JSON; nothing is kept."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.forked_program import forked_program

PROGRAM = "import sys; from decnet_sniff.collect.worker import Collect; sys.exit(Collect.main())"
COMMAND = (
    b'{"eventid": "cowrie.command.input", "timestamp": "2026-11-23T10:20:30.123456Z", "src_ip": "192.0.2.7", '
    b'"session": "abc", "protocol": "ssh", "input": "echo 1"}'
)


def check(*arguments: str, said: bytes = b"", word: str = "--check") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    return forked_program(PROGRAM).run(word, *arguments, environment=environment, said=said)


def test_table_of_a_file_escapes_what_attackers_sent(tmp_path: Path) -> None:
    log = tmp_path / "cowrie.json"
    log.write_bytes(COMMAND + b"\n\x1b[31mnonsense\n" + COMMAND)
    done = check(str(log), "--format", "cowrie")
    head, first, second, _ = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert head.split() == ["offset", "time", "source", "becomes", "fields"]
    assert first.split() == [
        "0", "2026-11-23T10:20:30.123456", "192.0.2.7", "session.command", 'service="ssh"', 'command="echo', '1"',
    ]  # fmt: skip
    assert "NOT UNDERSTOOD" in second
    assert b"\x1b" not in done.stdout
    assert b"2 lines with events, 0 ignored, 1 not understood" in done.stderr


def test_json_of_standard_input_is_one_object_per_event() -> None:
    done = check("--format", "cowrie", "--json", said=COMMAND + b"\r\n\n{}\n")
    event, empty, bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert event["event"] == {"kind": "session.command", "service": "ssh", "command": "echo 1"}
    assert (event["src"], event["session"], event["ts_ns"]) == (["192.0.2.7", None], "abc", "1795429230123456000")
    assert (empty["outcome"], bad["outcome"], bad["reason"]) == ("ignored", "rejected", "no eventid")
    assert bad["offset"] == len(COMMAND) + 3


def test_source_of_the_settings_is_read_as_it_would_be(tmp_path: Path) -> None:
    settings = tmp_path / "decnet.toml"
    settings.write_text(
        '[[collect.source]]\nname = "net"\nformat = "syslog"\ninput = "udp"\nlisten = "127.0.0.1:5514"\n'
        '[[collect.source]]\nname = "said"\nformat = "plain"\ninput = "journal"\n'
    )
    network = check("-", "--source", "net", "--settings", str(settings), "--json", said=b"no header at all\n")
    assert json.loads(network.stdout)["event"]["message"] == "no header at all"
    plain = check("--source", "said", "--settings", str(settings), said=b"x\n", word="check")
    assert b"syslog.message" in plain.stdout
    unknown = check("--source", "nat", "--settings", str(settings))
    assert unknown.returncode == 2
    assert b"known are: net, said" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "apache"], b"apache"),
        ([], b"give either --source"),
        (["--format", "json"], b"mapping"),
        (["/does/not/exist", "--format", "syslog"], b"cannot read /does/not/exist"),
        (["--format", "json", "--mapping", "/no/map.toml"], b"/no/map.toml: No such file"),
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str], said: bytes) -> None:
    done = check(*arguments)
    assert done.returncode
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_endless_line_is_shown_as_too_long_and_the_next_is_read() -> None:
    done = check("--format", "cowrie", "--json", said=b"x" * 3_000_000 + b"\n" + COMMAND + b"\n")
    bad, event = [json.loads(line) for line in done.stdout.splitlines()]
    assert bad["reason"] == "the line has 3000000 bytes"
    assert event["event"]["command"] == "echo 1"
