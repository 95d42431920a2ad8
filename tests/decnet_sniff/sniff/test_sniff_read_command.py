# SPDX-License-Identifier: MIT
"""`decnet-sniff read`: findings of a capture file as text or JSON, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.decnet_sniff.sniff.sniff_packet_makers import conversation, ether, ip4, pcap, pcapng, tcp
from tests.forked_program import forked_program

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8 \x1b[31m\r\n\r\n"
FRAMES = [ether(packet) for packet in conversation([REQUEST], [b"HTTP/1.1 200 OK\r\n\r\n"])]
PROGRAM = "from decnet_sniff.sniff.worker import Sniff; import sys; sys.exit(Sniff.main())"
COMMAND = [sys.executable, "-c", PROGRAM]


def read(
    *arguments: str, stdin: bytes = b"", settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **(settings or {})}
    return forked_program(PROGRAM).run("read", *arguments, environment=environment, said=stdin)


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_each_finding_is_one_line_of_json_from_a_file_or_a_pipe(tmp_path: Path, make: type) -> None:
    file = tmp_path / "capture"
    file.write_bytes(make(FRAMES))
    one, other = read(str(file), "--json"), read("-", "--json", stdin=make(FRAMES))
    assert one.returncode == other.returncode == 0
    assert one.stdout == other.stdout
    lines = [json.loads(line) for line in one.stdout.splitlines()]
    head = next(line for line in lines if line["payload"]["kind"] == "http.client")
    assert (head["src_ip"], head["src_port"], head["dst_ip"], head["dst_port"]) == (
        "198.51.100.7",
        40000,
        "192.0.2.1",
        443,
    )
    assert {line["payload"]["kind"] for line in lines} == {"http.client", "tcp.stack", "flow.closed"}


def test_text_for_people_has_no_control_characters(tmp_path: Path) -> None:
    done = read("-", "--counters", stdin=pcap(FRAMES))
    assert b"http.client 198.51.100.7.40000 > 192.0.2.1.443" in done.stdout
    assert b"\x1b" not in done.stdout
    assert b"packets=8" in done.stderr


def test_a_damaged_file_gives_what_is_there_and_says_where_it_ends() -> None:
    done = read("-", "--json", stdin=pcap(FRAMES)[:-3])
    assert done.returncode == 1
    assert b"http.client" in done.stdout
    assert b"the file ends within the record at byte" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"), [(("/none.pcap",), b"No such file"), (("/",), b"directory"), (("-",), b"the file is empty")]
)
def test_what_is_no_capture_is_reported_in_one_line(arguments: tuple[str, ...], words: bytes) -> None:
    done = read(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_window_of_zero_reports_each_by_itself_and_ignored_networks_are_ignored() -> None:
    twice = pcap(FRAMES + [ether(packet) for packet in conversation([REQUEST], first=800_000, ports=(40001, 443))])
    folded = read("-", "--json", stdin=twice).stdout.count(b"http.client")
    single = read("-", "--json", "--window", "0", stdin=twice).stdout.count(b"http.client")
    assert (folded, single) == (1, 2)
    assert read("-", "--json", stdin=twice, settings={"DECNET_SNIFF_IGNORE": '["192.0.2.0/24"]'}).stdout == b""
    refused = read("-", stdin=twice, settings={"DECNET_SNIFF_IGNORE": '["192.0.2.1/24"]'})
    assert refused.returncode == 78
    assert b"ignore" in refused.stderr


def test_packets_of_an_unknown_kind_of_link_are_spoken_of() -> None:
    done = read("-", stdin=pcap(FRAMES, link=105))
    assert done.returncode == 1
    assert b"8 of 8 packets have a link type other than BSD loopback, Ethernet, " in done.stderr


def test_findings_that_cannot_be_written_are_no_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "read", "-"], input=pcap(FRAMES), stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"the findings cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("closed", "words"), [("<&-", b"-: standard input is closed\n"), (">&-", b"the findings cannot be written: ")]
)
def test_closed_streams_are_reported_in_one_line(closed: str, words: bytes) -> None:
    script = f'"$0" -c "$1" read - {closed}'
    done = subprocess.run(
        ["sh", "-c", script, *COMMAND[::2]], input=pcap(FRAMES), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(words)
    assert done.stderr.count(b"\n") == 1


def test_a_terminal_without_umlauts_is_no_error() -> None:
    agent = REQUEST.replace(b"curl/8", "Müller/8".encode())
    done = subprocess.run(
        [*COMMAND, "read", "-"],
        input=pcap(map(ether, conversation([agent]))),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b"M\\xfcller/8" in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    probes = [ether(ip4("198.51.100.7", f"10.0.{n >> 8}.{n & 255}", 6, tcp(1, 2, 2, n))) for n in range(3000)]
    with subprocess.Popen(
        [*COMMAND, "read", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # it need not read to the end
            process.stdin.write(pcap(probes))
            process.stdin.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""
