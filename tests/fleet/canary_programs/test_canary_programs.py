# SPDX-License-Identifier: MIT
"""Bait is tripped by the programs that would trip it."""

from __future__ import annotations

import io
import os
import re
import socket
import struct
import zipfile
from pathlib import Path

import pytest
from tests.fleet.canary_programs.conftest import Receiver, needs, run
from tests.fleet.canary_programs.resolving import ALONE, AS_ROOT, run_asking

from decnet_core.canary import Slug

pytestmark = pytest.mark.oracle


@needs("curl")
async def test_curl_follows_a_redirect(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("redirect", to=f"http://{receiver.http}/welcome")
    printed = await run("curl", "-sIX", "GET", "-L", bait.content.decode(), home=tmp_path)
    assert f"Location: http://{receiver.http}/welcome" in printed
    hit = await receiver.hit(slug)
    assert (hit.user_agent or "").startswith("curl/")


@needs("curl")
@pytest.mark.parametrize("kind", ["url", "ics", "vcard", "sql", "env"])
async def test_curl_opens_the_url_that_stands_in_it(receiver: Receiver, tmp_path: Path, kind: str) -> None:
    """As a click does, or whoever looks through what he has stolen."""
    slug, bait = receiver.bait(kind)
    unfolded = bait.content.decode().replace("\r\n ", "")
    (url, *_) = re.findall(rf"http://[^\s']*{slug.text}", unfolded)
    await run("curl", "-s", url, home=tmp_path)
    assert (await receiver.hit(slug)).target == f"/{slug.text}"


@needs("curl")
@pytest.mark.parametrize("kind", ["ics", "vcard"])
async def test_what_an_entry_refers_to_is_a_picture(receiver: Receiver, tmp_path: Path, kind: str) -> None:
    """What a calendar or address book fetches by itself: the attachment, the photo (RFC 5545, RFC 2426)."""
    slug, bait = receiver.bait(kind)
    unfolded = bait.content.decode().replace("\r\n ", "")
    (url,) = re.findall(r"^(?:ATTACH|PHOTO);[^:]*:(\S+)\r$", unfolded, re.MULTILINE)
    await run("curl", "-s", "-o", "picture", url, home=tmp_path)
    assert (tmp_path / "picture").read_bytes().startswith(b"GIF89a")
    assert await receiver.hit(slug)


@needs("git")
async def test_git_fetches_from_the_remote(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("git")
    await run("git", "init", "-q", home=tmp_path)
    (tmp_path / ".git/config").write_bytes(bait.content)
    await run("git", "fetch", home=tmp_path, GIT_TERMINAL_PROMPT="0")
    hit = await receiver.hit(slug)
    assert (hit.user_agent or "").startswith("git/")
    assert (hit.target or "").endswith("/infrastructure.git/info/refs?service=git-upload-pack")


@needs("kubectl")
async def test_kubectl_uses_the_configuration(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("kubeconfig")
    (tmp_path / "config").write_bytes(bait.content)
    printed = await run("kubectl", "get", "pods", home=tmp_path, KUBECONFIG=str(tmp_path / "config"))
    assert re.search("Unauthorized|logged in|credentials", printed)
    assert (await receiver.hit(slug)).user_agent is not None


@needs("kubectl")
async def test_kubectls_certificate_alone_is_a_hit(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("kubeconfig")
    (tmp_path / "config").write_bytes(bait.content.replace(f"/{slug.text}".encode(), b""))
    await run("kubectl", "version", home=tmp_path, KUBECONFIG=str(tmp_path / "config"))
    assert slug.text not in ((await receiver.hit(slug)).target or "")


BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


@needs("chromium")
@pytest.mark.parametrize("kind", ["html", "svg"])
async def test_a_browser_opens_a_document(receiver: Receiver, tmp_path: Path, kind: str) -> None:
    slug, bait = receiver.bait(kind)
    (tmp_path / bait.name).write_bytes(bait.content)
    await run(*BROWSER, "--dump-dom", f"file://{tmp_path / bait.name}", home=tmp_path)
    assert "Chrome" in ((await receiver.hit(slug)).user_agent or "")


@needs("chromium")
async def test_a_browser_shows_a_page_with_the_picture(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("webbug")
    (tmp_path / "mail.html").write_bytes(b"<p>Regards</p><img src='%s'>" % bait.content)
    await run(*BROWSER, "--dump-dom", f"file://{tmp_path}/mail.html", home=tmp_path)
    assert "Chrome" in ((await receiver.hit(slug)).user_agent or "")


@needs("chromium")
async def test_a_cloned_page_reports_and_the_own_one_does_not(receiver: Receiver, tmp_path: Path) -> None:
    cloned, script = receiver.bait("cloned-site", site="www.example.net")
    own, silent = receiver.bait("cloned-site", site="localhost")
    # The page is read from a file, whose host name is empty: no site at all, as on a saved copy.
    page = b"<script>%s</script><script>%s</script>" % (
        script.content,
        silent.content.replace(b"location.hostname", b'"www.localhost"'),
    )
    (tmp_path / "page.html").write_bytes(page)
    await run(*BROWSER, "--dump-dom", f"file://{tmp_path}/page.html", home=tmp_path)
    assert "page.html" in ((await receiver.hit(cloned)).target or "")
    assert receiver.hits(own.text) == []


@needs("soffice")
@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
async def test_libreoffice_opens_an_office_document(receiver: Receiver, tmp_path: Path, kind: str) -> None:
    slug, bait = receiver.bait(kind)
    (tmp_path / bait.name).write_bytes(bait.content)
    await run("soffice", "--headless", "--convert-to", "pdf", bait.name, home=tmp_path)
    assert "LibreOffice" in ((await receiver.hit(slug)).user_agent or "")


@needs("pdfinfo", "curl")
async def test_poppler_finds_the_link_of_a_pdf(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("pdf")
    (tmp_path / bait.name).write_bytes(bait.content)
    printed = await run("pdfinfo", "-url", bait.name, home=tmp_path)
    assert "Syntax Error" not in printed
    (url,) = re.findall(r"http://\S+", printed)
    await run("curl", "-s", url, home=tmp_path)
    assert (await receiver.hit(slug)).target == f"/{slug.text}"


@needs("curl")
@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
async def test_the_picture_of_an_office_document_is_where_it_says(
    receiver: Receiver, tmp_path: Path, kind: str
) -> None:
    """What an office program fetches: the targets of external relationships (installing one takes minutes)."""
    slug, bait = receiver.bait(kind)
    with zipfile.ZipFile(io.BytesIO(bait.content)) as archive:
        relations = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".rels")).decode()
    (url,) = re.findall(r'Target="([^"]+)" TargetMode="External"', relations)
    await run("curl", "-s", "-o", "picture", url, home=tmp_path)
    assert (tmp_path / "picture").read_bytes().startswith(b"GIF89a")
    assert await receiver.hit(slug)


@needs("zbarimg", "chromium")
async def test_a_scanner_reads_the_code(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("qr")
    (tmp_path / "code.html").write_bytes(b"<body style='background:#fff;margin:40px'>" + bait.content)
    size = "--window-size=600,600"
    await run(*BROWSER, size, "--screenshot=code.png", f"file://{tmp_path}/code.html", home=tmp_path)
    printed = await run("zbarimg", "-q", "--raw", "code.png", home=tmp_path)
    assert f"http://{receiver.http}/{slug.text}" in printed.split()


@needs("dig")
async def test_dig_asks_for_names_of_every_kind(receiver: Receiver, tmp_path: Path) -> None:
    host, port = receiver.dns
    for kind in ("dns", "connection", "windows-folder", "windows-shortcut", "docker", "env"):
        slug, bait = receiver.bait(kind)
        encoding = {"windows-folder": "utf-16", "windows-shortcut": "utf-16-le"}.get(kind, "utf-8")
        text = bait.content.decode(encoding, "ignore")
        (name, *_) = re.findall(rf"(?:%USERNAME%\.)?{slug.text}\.canary\.test", text)
        tcp = "+tcp" if kind == "dns" else "+notcp"
        name = name.replace("%USERNAME%", "ALICE")
        printed = await run("dig", f"@{host}", "-p", str(port), tcp, "+noall", "+comments", name, home=tmp_path)
        assert "status: NOERROR" in printed
        assert (await receiver.hit(slug)).target == name
    for record in ("SOA", "NS", "A"):
        printed = await run(
            "dig", f"@{host}", "-p", str(port), "+noall", "+answer", "CaNaRy.TeSt", record, home=tmp_path
        )
        assert re.search(rf"(?i)canary\.test\.\s+\d+\s+IN\s+{record}\s", printed)


CONNECTING = {
    "connection": "redis-cli -u $(cat bait) ping",
    "env": ". ./bait; mysql --connect-timeout=5 -h $DB_HOST -u $DB_USERNAME -p$DB_PASSWORD $DB_DATABASE -e 'SELECT 1'",
    "docker": "podman --root store --runroot run --storage-driver vfs pull --authfile bait HOST/app:1",
    "sql": (
        "mariadb-install-db --no-defaults --datadir=$PWD/data --user=root --skip-test-db >/dev/null; "
        "mariadbd --no-defaults --datadir=$PWD/data --user=root --socket=$PWD/sock --skip-networking --server-id=2 "
        "--pid-file=$PWD/pid >log 2>&1 & server=$!; "
        "for _ in $(seq 300); do mysqladmin -S sock ping >/dev/null 2>&1 && break; sleep 0.1; done; "
        "mysql -S sock -e 'CREATE DATABASE customers'; mysql -S sock customers <bait; "
        "for _ in $(seq 300); do [ -e question.0 ] && break; sleep 0.1; done; kill $server; wait $server"
    ),
}
"""What connects, or is made to, by kind; the bait is the file `bait`, the host that it names HOST."""


@ALONE
@AS_ROOT
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("connection", marks=needs("redis-cli")),
        pytest.param("env", marks=needs("mysql")),
        pytest.param("docker", marks=needs("podman")),
        pytest.param("sql", marks=needs("mariadbd", "mariadb-install-db", "mysqladmin")),
    ],
)
async def test_a_program_that_connects_resolves_the_name(receiver: Receiver, tmp_path: Path, kind: str) -> None:
    options = {"scheme": "redis"} if kind == "connection" else {}
    slug, bait = receiver.bait(kind, **options)
    (tmp_path / "bait").write_bytes(bait.content)
    script = CONNECTING[kind].replace("HOST", f"{slug.text}.canary.test") if kind == "docker" else CONNECTING[kind]
    said = await run_asking(script, home=tmp_path, dns=receiver.dns)
    assert list(tmp_path.glob("question.*")), said
    hit = await receiver.hit(slug)
    assert (hit.channel, hit.target) == ("dns", f"{slug.text}.canary.test")


@needs("wg", "wireguard-go", "unshare")
@pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/net/tun").exists(), reason="needs root and /dev/net/tun")
async def test_wireguards_handshake_is_recognised(receiver: Receiver, tmp_path: Path) -> None:
    """The client runs in a network namespace of its own; what it sent there is sent to the receiver."""
    slug, bait = receiver.bait("wireguard")
    port = receiver.wireguard[1]
    lines = bait.content.decode().splitlines()
    kept = [line for line in lines if not line.startswith(("Address", "DNS"))]  # wg-quick's own
    (tmp_path / "wg0.conf").write_text("\n".join(kept) + "\n")
    (tmp_path / "listen.py").write_text(
        "import socket\n"
        "sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        f"sock.bind(('127.0.0.1', {port}))\n"
        "sock.settimeout(60)\n"
        "open('message', 'wb').write(sock.recv(2048))\n"
    )
    script = (
        "ip link set lo up; python3 listen.py & listener=$!; wireguard-go wg0 >log 2>&1; "
        "wg setconf wg0 wg0.conf; ip link set wg0 up; wait $listener; ip link del wg0"
    )
    await run("unshare", "--net", "sh", "-c", script, home=tmp_path)
    message = (tmp_path / "message").read_bytes()
    assert struct.unpack_from("<I", message) == (1,)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(message, receiver.wireguard)
    hit = await receiver.hit(slug)
    assert hit.channel == "wireguard"


async def test_botocore_reads_the_configuration(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("aws")
    (tmp_path / "config").write_bytes(bait.content)
    program = (
        "import botocore.session\n"
        "client = botocore.session.get_session().create_client('sts')\n"
        "client.get_caller_identity()\n"
    )
    await _python(program, tmp_path, AWS_CONFIG_FILE=str(tmp_path / "config"))
    await _names(receiver, slug, "Boto")


async def test_google_auth_asks_for_a_token(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("gcp")
    (tmp_path / bait.name).write_bytes(bait.content)
    program = (
        "from google.oauth2 import service_account\n"
        "from google.auth.transport.requests import Request\n"
        f"found = service_account.Credentials.from_service_account_file({bait.name!r}, scopes=['x'])\n"
        "found.refresh(Request())\n"
    )
    await _python(program, tmp_path)
    assert ((await receiver.hit(slug)).target or "").endswith("/token")


async def test_azures_client_uses_the_connection_string(receiver: Receiver, tmp_path: Path) -> None:
    slug, bait = receiver.bait("azure")
    program = (
        "from azure.storage.blob import BlobServiceClient\n"
        f"text = {bait.content.decode().strip().partition('=')[2]!r}\n"
        "client = BlobServiceClient.from_connection_string(text, retry_total=0)\n"
        "print(list(client.list_containers()))\n"
    )
    await _python(program, tmp_path)
    await _names(receiver, slug, "azsdk-python-storage-blob")


async def _python(program: str, home: Path, **environment: str) -> None:
    import sys

    await run(sys.executable, "-c", program, home=home, NO_PROXY="127.0.0.1", **environment)


async def _names(receiver: Receiver, slug: Slug, agent: str) -> None:
    assert agent in ((await receiver.hit(slug)).user_agent or "")
