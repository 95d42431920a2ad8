# SPDX-License-Identifier: MIT
"""Decoys under attack by the real ssh, sftp, scp, curl and nmap."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
from pathlib import Path

import asyncssh
import msgspec
import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, events_in, fleet_settings

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_core.exits import StartupError
from decnet_core.state import State
from decnet_decoys.settings import DecoysSettings, LimitSettings
from decnet_decoys.ssh.keys import host_keys

NOISE = hashlib.shake_128(b"noise").digest(500)


async def test_a_command_over_ssh_leaves_the_whole_story(host: DeckyHost) -> None:
    status, out, err = await host.ssh("uname -n; cat > /tmp/m; md5sum /tmp/m; nosuch", stdin=b"payload")
    digest = hashlib.md5(b"payload", usedforsecurity=False).hexdigest()
    assert (status, out.decode()) == (127, f"web-01\n{digest}  /tmp/m\n")
    assert err == b"bash: line 1: nosuch: command not found\n"
    (closed,) = await host.until(SessionClosed)
    assert [type(event.payload) for event in host.events()] == [
        ConnectionOpened, ClientIdentified, LoginAttempt, SessionOpened, CommandRun, FileCaptured, SessionClosed,
    ]  # fmt: skip
    assert len({event.session for event in host.events()}) == 1
    assert {event.decky for event in host.events()} == {"web-01"}
    assert {(event.dst_ip, event.dst_port) for event in host.events()} == {
        (host.decky.address, host.decky.services["ssh"])
    }
    assert closed.commands == 1
    (captured,) = await host.until(FileCaptured)
    assert captured.sha256 == hashlib.sha256(b"payload").hexdigest()
    assert (host.state.artifacts / captured.sha256[:2] / captured.sha256).read_bytes() == b"payload"


async def test_an_interactive_session_is_recorded_and_replays(host: DeckyHost) -> None:
    _, out, _ = await host.ssh("-tt", stdin=b"id\rcd /tm\t\rpwd\rexit\r")
    assert b"root@web-01:~# id\r\n\x1b[?2004l\ruid=0(root)" in out
    assert b"root@web-01:/tmp# pwd\r\n\x1b[?2004l\r/tmp\r\n" in out
    (closed,) = await host.until(SessionClosed)
    lines = (host.state.artifacts / closed.recording[:2] / closed.recording).read_text().splitlines()
    assert json.loads(lines[0])["version"] == 2
    shown = "".join(data for _, code, data in map(json.loads, lines[1:]) if code == "o")
    assert shown.encode() == out
    assert [payload.command for payload in await host.until(CommandRun)] == ["id", "cd /tmp/", "pwd", "exit"]


async def test_wrong_passwords_and_keys_are_captured(host: DeckyHost, tmp_path: Path) -> None:
    status, _, err = await host.ssh("id", user="admin", password="hunter2")
    assert status == 255
    assert b"Permission denied (publickey,password)" in err
    (attempt,) = await host.until(LoginAttempt)
    assert attempt == LoginAttempt(service="ssh", username="admin", success=False, password="hunter2")
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("no ssh-keygen on this machine")
    key = tmp_path / "key"
    process = await asyncio.create_subprocess_exec(keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    await process.wait()
    listing = await asyncio.create_subprocess_exec(keygen, "-lf", str(key), stdout=asyncio.subprocess.PIPE)
    fingerprint = (await listing.communicate())[0].split()[1].decode()
    options = (f"IdentityFile={key}", "PubkeyAuthentication=yes", "PasswordAuthentication=no")
    await host.ssh("id", options=options)
    offered = (await host.until(LoginAttempt, 2))[1]
    assert (offered.method, offered.public_key, offered.success) == ("publickey", fingerprint, False)


async def test_guessing_ends_after_six_tries(host: DeckyHost) -> None:
    options = ("NumberOfPasswordPrompts=20", "LogLevel=INFO")
    _, _, err = await host.ssh("id", password="no", options=options)
    assert b"Too many authentication failures" in err
    assert len(await host.until(LoginAttempt, 6)) == 6


async def test_forwarding_is_refused_and_recorded(host: DeckyHost) -> None:
    await host.ssh("-W", "198.51.100.9:25")
    (request,) = await host.until(ServiceRequest)
    assert (request.action, request.detail["host"], request.detail["port"]) == ("direct-tcpip", "198.51.100.9", "25")


async def test_sftp_and_both_kinds_of_scp_leave_the_file(host: DeckyHost, tmp_path: Path) -> None:
    file = tmp_path / "drop.bin"
    file.write_bytes(os.urandom(300_000))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (await host.ssh(str(file), "DECOY:/tmp/a", program="scp"))[0] == 0
    assert (await host.ssh("-O", str(file), "DECOY:/tmp/b", program="scp"))[0] == 0
    captured = await host.until(FileCaptured, 2)
    assert [(one.sha256, one.size, one.name) for one in captured] == [
        (digest, 300_000, "/tmp/a"),
        (digest, 300_000, "/tmp/b"),
    ]
    assert (host.state.artifacts / digest[:2] / digest).read_bytes() == file.read_bytes()


async def test_sftp_lists_and_fetches_what_the_shell_shows(host: DeckyHost, tmp_path: Path) -> None:
    got = tmp_path / "got"
    batch = f"ls -la /etc/nginx\nget /etc/hostname {got}\nmkdir /tmp/d\nput {got} /tmp/d/x\nrm /tmp/d/x\nbye\n"
    status, out, err = await host.ssh(
        "-b", "-", "DECOY:", program="sftp", stdin=batch.encode(), options=("BatchMode=no",)
    )
    assert status == 0, err
    assert b"nginx.conf" in out
    assert (tmp_path / "got").read_text() == "web-01\n"


async def test_an_uploaded_script_can_be_started_in_another_session(host: DeckyHost, tmp_path: Path) -> None:
    script = tmp_path / "x.sh"
    script.write_text("echo I am $0 on $(uname -n)\n")
    assert (await host.ssh(str(script), "DECOY:/tmp/x.sh", program="scp"))[0] == 0
    assert (await host.ssh("chmod +x /tmp/x.sh"))[0] == 0
    assert (await host.ssh("cd /tmp; ./x.sh"))[1] == b"I am ./x.sh on web-01\n"


async def test_a_connection_may_have_many_sessions_ten_at_a_time(host: DeckyHost) -> None:
    place = {"port": host.decky.services["ssh"], "known_hosts": None, "config": None, "client_keys": None}
    async with asyncssh.connect(host.decky.address, username="root", password="admin123", **place) as connection:
        for number in range(12):
            assert (await connection.run(f"echo {number}")).stdout == f"{number}\n"
        waiting = [await connection.create_process("cat") for _ in range(10)]
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("cat")
        waiting.pop().stdin.write_eof()
        async with asyncio.timeout(DEADLINE):
            while True:
                with contextlib.suppress(asyncssh.ChannelOpenError):
                    assert (await connection.run("echo again")).stdout == "again\n"
                    break


async def test_the_host_keys_are_made_once_and_private(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings())
    directory = host.state.keys / "decoys" / "web-01"
    shutil.rmtree(directory)  # those that every DeckyHost is given
    await host.open()
    await host.ssh("true")
    await host.close()
    kept = {file.name: file.read_bytes() for file in directory.iterdir()}
    made = {"ssh_host_rsa_key", "ssh_host_ecdsa_key", "ssh_host_ed25519_key"}
    assert set(kept) == made | {f"{name}.pub" for name in made}
    assert all(file.stat().st_mode & 0o077 == 0 for file in directory.iterdir())
    host_keys(directory, ("rsa", "ecdsa", "ed25519"))
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == kept


async def test_http_requests_are_recorded_as_sent(host: DeckyHost) -> None:
    body = await host.curl(
        "/wp-login.php?x=1", "-H", "X-Odd-CASE: yes", "-A", "sqlmap/1.7", "-d", "log=admin&pwd=p%40ss"
    )
    assert b"login_error" in body
    (request,) = await host.until(HttpRequest)
    assert (request.method, request.target, request.status, request.body) == (
        "POST",
        "/wp-login.php?x=1",
        200,
        "log=admin&pwd=p%40ss",
    )
    assert ("X-Odd-CASE", "yes") in request.headers
    assert request.headers[0][0] == "Host"
    assert request.body_sha256 == hashlib.sha256(b"log=admin&pwd=p%40ss").hexdigest()
    (attempt,) = await host.until(LoginAttempt)
    assert (attempt.service, attempt.username, attempt.password, attempt.success) == ("http", "admin", "p@ss", False)
    (client,) = await host.until(ClientIdentified)
    assert client.software == "sqlmap/1.7"


async def test_http_answers_as_nginx_does(host: DeckyHost) -> None:
    shown = await host.curl("/nosuch", "-i")
    assert shown.startswith(b"HTTP/1.1 404 Not Found\r\nServer: nginx/1.22.1\r\nDate: ")
    assert b"<hr><center>nginx/1.22.1</center>" in shown
    assert (await host.curl("/.env")).startswith(b"APP_ENV=production")
    head = await host.curl("/", "-I")
    assert b"ETag: " in head
    assert head.endswith(b"\r\n\r\n")
    assert b"413 " in await host.curl("/", "-i", "-H", "Expect:", "-H", "Content-Length: 99999999", "-X", "POST")


async def test_one_connection_carries_pipelined_requests(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
    writer.write(
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    data = await asyncio.wait_for(reader.read(), DEADLINE)
    writer.close()
    await writer.wait_closed()
    assert re.findall(rb"HTTP/1.1 (\d+)", data) == [b"200", b"200", b"404"]


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x00\xa5\x01", b"SSH-2.0-x\r\n", NOISE[:64] + b"\r\n\r\n", b"GET / HTTP/1.1\r\nA\r\n\r\n"],
)
async def test_nonsense_on_http_is_a_recorded_400(host: DeckyHost, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), DEADLINE)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (await host.until(HttpRequest))[0].status == 400


async def test_nonsense_on_ssh_ends_only_itself(host: DeckyHost) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n", NOISE, b"SSH-2.0-x\r\n" + NOISE, b""):
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ssh"])
        assert await reader.readline() == b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
        writer.write(data)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), DEADLINE)
        writer.close()
    assert (await host.ssh("id -u"))[1] == b"0\n"
    assert "decoys_connection_errors" not in host.ctx.counters.snapshot()


async def test_a_source_with_too_many_connections_is_rejected(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings(limits=LimitSettings(connections_per_source=2)))
    await host.open()
    opened = [await asyncio.open_connection(host.decky.address, host.decky.services["ssh"]) for _ in range(3)]
    assert await asyncio.wait_for(opened[2][0].read(), DEADLINE) == b""
    assert host.ctx.counters.snapshot()["decoys_connections_refused"] == 1
    for _, writer in opened:
        writer.close()
    await host.close()


async def test_a_silent_client_is_disconnected(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings(limits=LimitSettings(idle_seconds=1)))
    await host.open()
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
    assert await asyncio.wait_for(reader.read(), DEADLINE) == b""
    writer.close()
    await host.close()


async def test_a_decky_whose_ports_are_all_taken_is_named_waits_and_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("decnet_decoys.opening._AGAIN_SECONDS", 0.05)
    host = DeckyHost(tmp_path, fleet_settings(offers=("ssh",)))
    port = host.decky.services["ssh"]
    with socket.create_server((host.decky.address, port)):
        await host.open()
        assert host.listeners == []
        assert host.ctx.counters.snapshot()["decoys_ports_taken"] == 1
    named = f"decky web-01: cannot offer ssh at {host.decky.address}:{port}: the port is taken"
    assert any(message.startswith(named) for message in caplog.messages)
    async with asyncio.timeout(DEADLINE):
        while not host.listeners:
            await asyncio.sleep(0.02)
    reader, writer = await asyncio.open_connection(host.decky.address, port)
    assert (await asyncio.wait_for(reader.readline(), DEADLINE)).startswith(b"SSH-2.0-")
    writer.close()
    assert host.ctx.counters.snapshot()["decoys_ports_taken"] == 0
    await host.close()


async def test_a_busy_port_keeps_no_other_decky_back_and_is_opened_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("decnet_decoys.opening._AGAIN_SECONDS", 0.05)
    one, other = fleet_settings(offers=("http",)).decky[0], fleet_settings(offers=("ssh", "http")).decky[0]
    one = msgspec.structs.replace(one, name="web-02")
    host = DeckyHost(tmp_path, DecoysSettings(decky=(one, other)))
    with socket.create_server((other.address, other.services["http"])):
        await host.open()
        assert [listener.bound.getsockname()[1] for listener in host.listeners] == [one.services["http"]]
        assert host.ctx.counters.snapshot()["decoys_ports_taken"] == 1
        with socket.create_server((other.address, other.services["ssh"])):
            """Nothing is held of a decky that waits."""
    async with asyncio.timeout(DEADLINE):
        while len(host.listeners) < 3:
            await asyncio.sleep(0.02)
    reader, writer = await asyncio.open_connection(other.address, other.services["ssh"])
    assert (await asyncio.wait_for(reader.readline(), DEADLINE)).startswith(b"SSH-2.0-")
    writer.close()
    assert host.ctx.counters.snapshot()["decoys_ports_taken"] == 0
    await host.close()


async def test_a_wrong_persona_is_a_start_up_failure(tmp_path: Path) -> None:
    settings = fleet_settings(name="debian-web")
    wrong = DecoysSettings(decky=(type(settings.decky[0])(name="x", address="127.0.0.1", persona="os2"),))
    host = DeckyHost(tmp_path, wrong)
    with pytest.raises(StartupError, match="no persona 'os2'"):
        await host.open()
    await host.close()


async def test_a_session_cut_off_by_sigkill_ends_exactly_once(tmp_path: Path, python: str) -> None:
    settings = fleet_settings()
    host = DeckyHost(tmp_path, settings)  # for its clients only
    assert host.ctx.spool is not None
    host.ctx.spool.close()
    process = await start_worker(python, host)
    client = await asyncio.create_subprocess_exec(
        *host.ssh_command("ssh", "root", ("-tt",)),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env=host.environment("admin123"),
    )  # fmt: skip
    assert client.stdin is not None
    client.stdin.write(b"id\rwhoami\r")
    await host.until(CommandRun, 2)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    with contextlib.suppress(ProcessLookupError):  # it may have noticed by itself
        client.kill()
    await client.wait()
    assert host.events(SessionClosed) == []
    for _ in range(2):
        process = await start_worker(python, host)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE) == 0
    (closed,) = await host.until(SessionClosed)
    assert closed.commands == 2
    assert (host.state.artifacts / closed.recording[:2] / closed.recording).exists()
    (opened,) = events_in(State(tmp_path / "state"), SessionOpened)
    assert host.events(SessionClosed)[0].session == opened.session


async def start_worker(python: str, host: DeckyHost) -> asyncio.subprocess.Process:
    """Start `decnet-decoys` as a process of its own and wait until it accepts."""
    decky = host.decky
    services = ", ".join(f"{name} = {port}" for name, port in decky.services.items())
    settings = (
        f'[state]\ndir = "{host.state.root}"\n[decoys]\nfailure_delay_ms = 0\n'
        f'[[decoys.decky]]\nname = "{decky.name}"\n'
        f'address = "{decky.address}"\npersona = "{decky.persona}"\nservices = {{ {services} }}\n'
    )
    file = host.directory / "decnet.toml"
    file.write_text(settings)
    process = await asyncio.create_subprocess_exec(
        python, "-c", "import sys; from decnet_decoys.worker import Decoys; sys.exit(Decoys.main())",
        env=os.environ | {"DECNET_SETTINGS": str(file)}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE):
        while True:
            assert process.returncode is None
            with socket.socket() as probe:
                if probe.connect_ex((decky.address, decky.services["http"])) == 0:
                    return process
            await asyncio.sleep(0.05)


async def test_nmap_takes_it_for_what_it_claims(host: DeckyHost) -> None:
    nmap = shutil.which("nmap")
    if nmap is None:
        pytest.skip("nmap is not installed here; the CI machines have it")
    ports = ",".join(str(port) for port in host.decky.services.values())
    process = await asyncio.create_subprocess_exec(
        nmap,
        "-Pn",
        "-n",
        "-sT",
        "-sV",
        "--version-light",
        "--max-retries",
        "0",
        "-p",
        ports,
        host.decky.address,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert b"OpenSSH 9.2p1 Debian 2+deb12u3" in out
    assert b"nginx 1.22.1" in out
