# SPDX-License-Identifier: MIT
"""JA4 by the worked examples and the rules of FoxIO's technical description."""

from __future__ import annotations

import pytest

from decnet_sniff.sniff.tls.hello import ClientHello
from decnet_sniff.sniff.tls.ja4 import DTLS, QUIC, TCP, ja4, ja4_r


def _listed(text: str) -> tuple[int, ...]:
    return tuple(int(value, 16) for value in text.split(","))


CIPHERS = _listed("1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035")
EXTENSIONS = _listed("001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015")
SIGNATURES = _listed("0403,0804,0401,0503,0805,0501,0806,0601")
CHROME = ClientHello(
    version=0x0303,
    ciphers=CIPHERS,
    extensions=EXTENSIONS,
    signatures=SIGNATURES,
    versions=(0x0304, 0x0303),
    alpn=(b"h2", b"http/1.1"),
    server_name=b"example.com",
)


def test_the_description_s_example() -> None:
    assert ja4(CHROME, TCP) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_the_description_s_raw_form() -> None:
    assert ja4_r(CHROME, TCP) == (
        "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_"
        "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
        "0403,0804,0401,0503,0805,0501,0806,0601"
    )


def test_without_signature_algorithms_there_is_no_underscore() -> None:
    assert ja4(CHROME._replace(signatures=()), TCP).endswith("_6d807ffa2a79")


def test_order_of_ciphers_and_extensions_does_not_matter_that_of_signatures_does() -> None:
    assert ja4(CHROME._replace(ciphers=CIPHERS[::-1], extensions=EXTENSIONS[::-1]), TCP) == ja4(CHROME, TCP)
    assert ja4(CHROME._replace(signatures=SIGNATURES[::-1]), TCP) != ja4(CHROME, TCP)


def test_grease_is_ignored_wherever_it_is() -> None:
    greased = CHROME._replace(
        ciphers=(0x0A0A, *CIPHERS),
        extensions=(0x1A1A, *EXTENSIONS, 0xFAFA),
        signatures=(0xEAEA, *SIGNATURES),
        versions=(0xFAFA, *CHROME.versions),
    )
    assert ja4(greased, TCP) == ja4(CHROME, TCP)


def test_what_only_resembles_grease_counts() -> None:
    assert ja4(CHROME._replace(ciphers=(0x0A1A, *CIPHERS)), TCP).startswith("t13d16")


@pytest.mark.parametrize(("transport", "letter"), [(TCP, "t"), (QUIC, "q"), (DTLS, "d")])
def test_the_first_letter_is_the_transport(transport: str, letter: str) -> None:
    assert ja4(CHROME, transport)[0] == letter


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        (0x0304, "13"), (0x0303, "12"), (0x0302, "11"), (0x0301, "10"), (0x0300, "s3"), (0x0002, "s2"),
        (0xFEFF, "d1"), (0xFEFD, "d2"), (0xFEFC, "d3"), (0x0305, "00"), (0x7F1C, "00"),
    ],
)  # fmt: skip
def test_versions(version: int, shown: str) -> None:
    assert ja4(CHROME._replace(versions=(version,)), TCP)[1:3] == shown
    assert ja4(CHROME._replace(version=version, versions=()), TCP)[1:3] == shown


def test_the_highest_offered_version_counts_not_the_field() -> None:
    assert ja4(CHROME._replace(version=0x0301, versions=(0x0302, 0x0303, 0x0302)), TCP)[1:3] == "12"


def test_an_extension_of_grease_alone_leaves_the_field() -> None:
    assert ja4(CHROME._replace(version=0x0302, versions=(0x2A2A,)), TCP)[1:3] == "11"


def test_sni_is_the_extension_not_its_content() -> None:
    assert ja4(CHROME._replace(server_name=None), TCP)[3] == "d"
    without = tuple(kind for kind in EXTENSIONS if kind != 0)
    assert ja4(CHROME._replace(extensions=without), TCP) == "t13i1515h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"x", "xx"),
        (b"", "00"),
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"),
        (b"\x30\xab\xcd\x31", "01"),
        (b"\x0a\x0a", "0a"),
        (b"-", "2d"),
        (b"Z9", "Z9"),
    ],
)
def test_ends_of_the_first_protocol(name: bytes, shown: str) -> None:
    assert ja4(CHROME._replace(alpn=(name, b"h3")), TCP)[8:10] == shown


def test_no_protocols_are_00() -> None:
    assert ja4(CHROME._replace(alpn=()), TCP)[8:10] == "00"


def test_counts_stop_at_99() -> None:
    many = tuple(range(1, 201))
    assert ja4(CHROME._replace(ciphers=many, extensions=many), TCP)[4:8] == "9999"


def test_empty_lists_are_zeros() -> None:
    assert ja4(ClientHello(version=0x0301), TCP) == "t10i000000_000000000000_000000000000"


def test_only_sni_and_alpn_is_an_empty_list_even_with_signatures() -> None:
    hello = ClientHello(version=0x0303, ciphers=(0x002F,), extensions=(0, 16), signatures=(0x0403,), alpn=(b"h2",))
    assert ja4(hello, TCP) == "t12d0102h2_" + ja4(hello, TCP)[11:23] + "_000000000000"
