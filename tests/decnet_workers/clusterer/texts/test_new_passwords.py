# SPDX-License-Identifier: MIT
"""The passwords that commands give to accounts, and which of them say whose they are."""

import time

import pytest

from decnet_workers.clusterer.texts.new_passwords import is_own, new_passwords


@pytest.mark.parametrize(
    ("command", "secrets"),
    [
        ("echo 'root:s3crEt' | chpasswd", ["s3crEt"]),
        ("echo root:s3crEt|sudo chpasswd", ["s3crEt"]),
        ('echo -e "old\\ns3crEt\\ns3crEt"|passwd|bash', ["s3crEt"]),
        ("cat list | chpasswd", []),
        ("passwd root", []),
        ("echo 'root:a$b`c' | chpasswd", ["a$b`c"]),
        ("echo root:costs5$ | chpasswd", ["costs5$"]),
        ("echo $user:s3crEt | chpasswd", ["s3crEt"]),
    ],
)
def test_new_passwords(command: str, secrets: list[str]) -> None:
    assert new_passwords(command) == secrets


@pytest.mark.parametrize("secret", ["$P", "${PASS}", "$1", "$(openssl rand -hex 8)", "`date`", "pre$RANDOM", "$$"])
@pytest.mark.parametrize("line", ["echo root:{}|chpasswd", 'echo "root:{}" | chpasswd', 'echo -e "{0}\\n{0}"|passwd'])
def test_what_the_shell_puts_in_is_no_password(secret: str, line: str) -> None:
    assert not any("$" in found or "`" in found for found in new_passwords(line.format(secret)))


@pytest.mark.parametrize(
    "secret", ["vK3bTq9x", "mwCkZ8uVfP2e", "correcthorsebatterystaple", "x9#Lq!7vRt", "Dk82ncAyB1"]
)
def test_a_password_that_nobody_else_takes_says_whose_it_is(secret: str) -> None:
    assert is_own(secret)


@pytest.mark.parametrize(
    "secret",
    [
        *("", "x", "abc", "a1b2", "Zq7!x", "aaaaaaaaaaaa", "1212121212", "00000000"),
        *("dragon2024!", "Welcome123", "P@ssw0rd1!", "changeme1", "minecraft", "COMPUTER99", "c0mput3r12"),
        *("qwertyuiop", "1qaz2wsx3edc", "1qaz@WSX", "zxcvbnm123", "asdfghjkl;", "20240101"),
    ],
)
def test_a_short_or_common_one_says_nothing(secret: str) -> None:
    assert not is_own(secret)


@pytest.mark.parametrize("text", ["echo " * 900, "|passwd" * 600, "echo '" * 800, "echo 'a'|passwd" * 300])
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    new_passwords(text)
    assert time.process_time() - start < 0.02
