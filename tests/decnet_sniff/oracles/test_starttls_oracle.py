# SPDX-License-Identifier: MIT
"""The hellos that real clients say behind STARTTLS, its relatives and CONNECT are what tshark says of them."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_tshark
from tests.decnet_sniff.oracles.oracle_certificates import Certificate
from tests.decnet_sniff.oracles.oracle_tls_hellos import hellos_of_ours, hellos_of_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import MISSING, SERVER, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

HEX = "hex:"
_MYSQL = b"\x0a5.7.30\0" + b"\1\0\0\0" + b"saltsalt\0" + b"\xff\xff\x21\2\0\xff\xc1\x15" + bytes(10) + b"saltsaltsalt\0"
_MYSQL += b"mysql_native_password\0"
GREETING_OF_MYSQL = len(_MYSQL).to_bytes(3, "little") + b"\0" + _MYSQL
SERVERS: dict[str, tuple[int, list[str]]] = {
    "smtp": (25, ["220 mail.example ESMTP\r\n", "250-mail.example\r\n250 STARTTLS\r\n", "220 go ahead\r\n"]),
    "pop3": (110, ["+OK ready\r\n", "+OK begin\r\n"]),
    "imap": (143, ["* OK ready\r\n", "* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n", ". OK begin\r\n"]),
    "ftp": (21, ["220 ftp.example\r\n", "234 begin\r\n"]),
    "postgres": (5432, ["", "S"]),
    "mysql": (3306, [HEX + GREETING_OF_MYSQL.hex()]),
    "ldap": (389, ["", HEX + "300c02010178070a010004000400"]),
    "xmpp": (5222, ["", "<stream:stream from='a'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                        "</stream:features>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"]),
    "proxy": (8080, ["", "HTTP/1.0 200 Connection established\r\n\r\n"]),
}  # fmt: skip
"""Port, and what is said first and in answer to each thing that the client says, before TLS begins."""

_SERVER = """
import json, socket, ssl, sys
certificate, key, port, lines = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listening = socket.create_server(("", int(port)))
while True:
    client, _ = listening.accept()
    try:
        for number, line in enumerate(json.loads(lines)):
            if number:
                client.recv(4096)
            client.sendall(bytes.fromhex(line[4:]) if line.startswith("hex:") else line.encode())
        if port == "3306":
            client.recv(36)  # the request, behind which the hello is already
        context.wrap_socket(client, server_side=True).close()
    except (OSError, ssl.SSLError):
        client.close()
"""


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Path:
    """A capture of all clients."""
    path = tmp_path_factory.mktemp("starttls") / "starttls.pcap"
    files = (str(certificate.certificate), str(certificate.key))
    with wire() as laid, ExitStack() as servers:
        for port, lines in SERVERS.values():
            argv = (sys.executable, "-c", _SERVER, *files, str(port), json.dumps(lines))
            servers.enter_context(laid.serve(port, *argv))
        with laid.capture(path):
            for protocol, (port, _) in SERVERS.items():
                how = ("-starttls", protocol, "-connect", f"{SERVER}:{port}")
                if protocol == "proxy":
                    how = ("-proxy", f"{SERVER}:{port}", "-connect", "behind.example:443")
                said = laid.run(
                    laid.client, "timeout", "20", "openssl", "s_client", *how, "-servername", f"{protocol}.example"
                )
                assert "BEGIN CERTIFICATE" in said, f"{protocol}: {said}"
    return path


def test_every_hello_is_what_tshark_says(capture: Path) -> None:
    their_clients, their_servers = hellos_of_tshark(capture, "tcp")
    our_clients, our_servers = hellos_of_ours(capture, "tcp")
    assert {client.sni for client in our_clients} == {f"{protocol}.example" for protocol in SERVERS}
    assert {server.port for server in our_servers} == {port for port, _ in SERVERS.values()}
    assert our_clients == their_clients
    assert our_servers >= their_servers, "tshark 4.0 does not see that of MySQL"
