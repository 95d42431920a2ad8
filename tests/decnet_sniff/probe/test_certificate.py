# SPDX-License-Identifier: MIT
"""Certificates: what openssl(1) wrote is read back; anything else is a problem, never an exception."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.probe import probe_servers

from decnet_core.net import der
from decnet_sniff.probe.certificate import MAX_NAME, MOST_NAMES, describe

Make = Callable[..., bytes]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def der_of(*options: str, subject: str = "/CN=a.example", key: tuple[str, ...] = ("ed25519",)) -> bytes:
        pair = probe_servers.certificate(tmp_path, *options, key=key, subject=subject)
        return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())

    return der_of


def openssl(data: bytes, *options: str) -> str:
    command = ["openssl", "x509", "-inform", "DER", "-noout", *options]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout.decode()


@pytest.mark.parametrize("key", [("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("ed25519",)])
def test_fields_are_those_that_openssl_shows(make: Make, key: tuple[str, ...]) -> None:
    data = make(subject="/C=DE/O=Müller \\+ Söhne, GmbH/OU=a+OU=b/CN=c.example", key=key)
    found = describe(data)
    shown = openssl(data, "-fingerprint", "-sha256", "-serial", "-subject", "-nameopt", "utf8,sep_comma_plus,esc_2253")
    fields = dict(line.split("=", 1) for line in shown.splitlines())
    assert found.sha256.upper() == fields["sha256 Fingerprint"].replace(":", "")
    assert found.serial.upper().removeprefix("00") == fields["serial"]
    assert found.subject == found.issuer == fields["subject"]
    assert found.problem == ""


def test_validity_is_in_seconds(make: Make) -> None:
    found = describe(make("-days", "20000"))  # past 2049: GeneralizedTime
    assert found.not_before is not None
    assert found.not_after is not None
    assert found.not_after - found.not_before == 20000 * 86400


def test_names_of_all_kinds_are_listed(make: Make) -> None:
    names = "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1,email:x@y.example,URI:https://z.example/"
    assert describe(make("-addext", f"subjectAltName={names}")).names == (
        "a.example",
        "*.b.example",
        "192.0.2.1",
        "2001:db8::1",
        "x@y.example",
        "https://z.example/",
    )


def test_what_is_long_is_cut(make: Make) -> None:
    names = ",".join(f"DNS:host-{number}.example" for number in range(200))
    found = describe(
        make("-addext", f"subjectAltName={names}", subject="/" + "/".join(f"OU={'x' * 60}" for _ in range(60)))
    )
    assert len(found.names) == MOST_NAMES
    assert len(found.subject) == MAX_NAME


def test_certificate_truncated_anywhere_is_a_problem(make: Make) -> None:
    data = make("-addext", "subjectAltName=DNS:a.example")
    for end in range(len(data)):
        found = describe(data[:end])
        assert found.problem
        assert found.subject == ""


@given(st.binary(max_size=400))
def test_any_bytes_are_described(data: bytes) -> None:
    assert len(describe(data).sha256) == 64


def test_flipped_bits_never_raise_and_never_grow(make: Make) -> None:
    data = make("-addext", "subjectAltName=DNS:a.example,IP:192.0.2.1")
    for place in range(len(data)):
        for bit in range(8):
            found = describe(data[:place] + bytes((data[place] ^ 1 << bit,)) + data[place + 1 :])
            assert len(found.subject) <= MAX_NAME


def sized(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes((tag, length) if length < 128 else (tag, 0x82, length >> 8, length & 255)) + content


@given(st.recursive(st.binary(max_size=20), lambda inner: st.lists(st.tuples(st.integers(0, 255), inner), max_size=6)))
def test_any_tree_of_values_is_described(tree: object) -> None:
    def encoded(node: object) -> bytes:
        if isinstance(node, bytes):
            return node
        assert isinstance(node, list)
        return b"".join(sized(tag, encoded(inner)[:60000]) for tag, inner in node)

    body = encoded(tree)
    assert describe(sized(0x30, sized(0x30, body))).sha256
    assert describe(body).sha256


@pytest.mark.parametrize(
    ("content", "dotted"),
    [(b"\x55\x04\x03", "2.5.4.3"), (b"\x2a\x86\x48\x86\xf7\x0d", "1.2.840.113549"), (b"\x88\x37", "2.999")],
)
def test_object_identifiers(content: bytes, dotted: str) -> None:
    assert der.oid(content) == dotted


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x01" * 65])
def test_what_is_no_object_identifier(content: bytes) -> None:
    with pytest.raises(der.DerError):
        der.oid(content)
