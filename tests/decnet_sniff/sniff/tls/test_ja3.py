# SPDX-License-Identifier: MIT
"""JA3 and JA3S by their published description and its examples."""

from __future__ import annotations

from decnet_sniff.sniff.tls.hello import ClientHello, ServerHello
from decnet_sniff.sniff.tls.ja3 import digest, ja3_text, ja3s_text

DESCRIBED = ClientHello(
    version=769,
    ciphers=(47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
    extensions=(0, 10, 11),
    groups=(23, 24, 25),
    point_formats=(0,),
)


def test_the_description_s_example() -> None:
    assert ja3_text(DESCRIBED) == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"
    assert digest(ja3_text(DESCRIBED)) == "ada70206e40642a3e4461f35503241d5"


def test_the_description_s_example_without_extensions() -> None:
    text = ja3_text(ClientHello(version=769, ciphers=(4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99)))
    assert text == "769,4-5-10-9-100-98-3-6-19-18-99,,,"
    assert digest(text) == "de350869b8c85de67a350c8d186f11e6"


def test_grease_is_removed() -> None:
    greased = DESCRIBED._replace(
        ciphers=(0x0A0A, *DESCRIBED.ciphers),
        extensions=(*DESCRIBED.extensions, 0xFAFA),
        groups=(0x8A8A, *DESCRIBED.groups),
    )
    assert ja3_text(greased) == ja3_text(DESCRIBED)


def test_the_version_is_the_field_not_what_is_offered() -> None:
    assert ja3_text(DESCRIBED._replace(versions=(0x0304,))) == ja3_text(DESCRIBED)


def test_ja3s_is_version_cipher_and_extensions() -> None:
    text = ja3s_text(ServerHello(version=769, cipher=47, extensions=(65281, 0, 11, 35, 5, 16)))
    assert text == "769,47,65281-0-11-35-5-16"


def test_ja3s_without_extensions() -> None:
    assert ja3s_text(ServerHello(version=768, cipher=5)) == "768,5,"
