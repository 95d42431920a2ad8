# SPDX-License-Identifier: MIT
"""openssl, as far as scripts use it: version, digests, base64, hashes of passwords, random bytes; s_client.

Where s_client would connect to is recorded.
"""

import base64
import binascii
import os
from collections.abc import Callable
from itertools import islice, pairwise

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.cryptography.ciphers import enc, encoded_by
from decnet_decoys.shell.commands.cryptography.crypt_hashes import crypted, drawn_salt
from decnet_decoys.shell.commands.text.text_encoders import digest_of
from decnet_decoys.shell.effects import AskLine, Effects, Pause, Requested, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.programs import command

MAX_ENCODED = 1 << 18
"""Bytes turned from or into base64."""
MAX_RANDOM = 4096
MAX_PASSWORDS = 16
_DIGESTS = {"md5": "MD5", "sha1": "SHA1", "sha224": "SHA2-224", "sha256": "SHA2-256", "sha384": "SHA2-384",
            "sha512": "SHA2-512"}  # fmt: skip


@command("openssl", families=("debian",))
def openssl(call: Call) -> Effects:
    """Do what the first argument names."""
    verb, *args = call.args or ["help"]
    if verb in ("version", "-v", "--version"):
        ubuntu = "Ubuntu" in call.shell.machine.persona.os
        told = "OpenSSL 3.0.2 15 Mar 2022" if ubuntu else "OpenSSL 3.0.14 4 Jun 2024"
        folder = f"/usr/lib/{call.shell.machine.persona.machine}-linux-gnu"
        shown = {
            "-v": f"{told} (Library: {told})", "-p": "platform: debian-amd64", "-d": 'OPENSSLDIR: "/usr/lib/ssl"',
            "-e": f'ENGINESDIR: "{folder}/engines-3"', "-m": f'MODULESDIR: "{folder}/ossl-modules"',
            "-r": "Seeding source: os-specific",
        }  # fmt: skip
        asked = shown.keys() if "-a" in args else [one for one in shown if one in args] or ["-v"]
        for one in asked:
            call.print(shown[one])
        return 0
    if verb in _DIGESTS:
        return (yield from _digest(call, args, verb))
    if verb in _KNOWN_CIPHERS:
        verb, args = "enc", [f"-{verb}", *args]
    if verb == "enc" and encoded_by(args):
        return (yield from enc(call, args))
    if verb == "enc" and {"-base64", "-a"} & set(args):
        verb = "base64"
    if verb in _VERBS:
        return (yield from _VERBS[verb](call, args))
    call.print_error(f"Invalid command '{verb[:64]}'; type \"help\" for a list.")
    return 1


def _connect(call: Call, args: list[str]) -> Effects:
    target = next((after for one, after in pairwise(args) if one == "-connect"), "localhost:4433")
    yield Requested("connect", {"program": "openssl s_client", "target": target.replace(":", " ")[:2048]})
    yield Pause(1.0)
    call.print_error("socket: Bad file descriptor\nconnect:errno=111")
    return 1


def _passwd(call: Call, args: list[str]) -> Effects:
    """Write the hash of each password: of those named, of the lines of standard input, or of the one that is typed."""
    kind = next((one[1:] for one in args if one in ("-1", "-apr1", "-5", "-6")), "1")
    values = {one: after for one, after in pairwise(args) if one in ("-salt", "-in")}
    salt = values.get("-salt") or drawn_salt(kind)
    skipped = {at + 1 for at, one in enumerate(args) if one in ("-salt", "-in")}
    words = [encode(one) for at, one in enumerate(args) if not one.startswith("-") and at not in skipped]
    if "-stdin" in args or "-in" in values:
        sources = yield from call.sources([values.get("-in", "-")])
        words = [line for source in sources for line in islice(source.lines(), MAX_PASSWORDS)]
    if not words:
        typed = yield AskLine("Password: ", echo=False)
        again = yield AskLine("Verifying - Password: ", echo=False)
        if typed is None or typed != again:
            call.print_error("Verify failure\nUser interface error")
            return 1
        words = [typed]
    for word in words[:MAX_PASSWORDS]:
        call.print((yield from crypted(word[:256], encode(salt), kind)))
    return 0


def _digest(call: Call, args: list[str], verb: str = "") -> Effects:
    """Write the digest of each file, or of standard input, as `SHA2-256(name)= digits`."""
    asked = verb or next((one[1:] for one in args if one[1:] in _DIGESTS), "sha256")
    paths = [one for one in args if not one.startswith("-")]
    sources = yield from call.sources(paths)
    for source in sources:
        digits = yield from digest_of(source, asked)
        name = "stdin" if source.name == "-" else source.name
        call.print(f"{digits} *{name}" if "-r" in args else f"{_DIGESTS[asked]}({name})= {digits}")
    return int(len(sources) < max(1, len(paths)))


def _base64(call: Call, args: list[str]) -> Effects:
    named = next((after for one, after in pairwise(args) if one == "-in"), "-")
    sources = yield from call.sources([named])
    for source in sources:
        data = source.whole(MAX_ENCODED)
        if "-d" in args:
            try:
                call.out.write(base64.b64decode(b"".join(data.split())))
            except (binascii.Error, ValueError):
                return 1
            continue
        text = base64.b64encode(data).decode()
        wide = len(text) or 1 if "-A" in args else 64
        for start in range(0, len(text), wide):
            yield from turn()
            call.print(text[start : start + wide], end="" if "-A" in args else "\n")
    return int(not sources)


def _random(call: Call, args: list[str]) -> Effects:
    yield from turn()
    asked = next((one for one in args if one.isdecimal()), "")
    drawn = os.urandom(min(int(asked[:6] or 0), MAX_RANDOM))
    if "-hex" in args:
        call.print(drawn.hex())
    elif "-base64" in args:
        call.out.write(base64.encodebytes(drawn))
    else:
        call.out.write(drawn)
    return int(not asked)


_KNOWN_CIPHERS = frozenset(f"aes-{bits}-{mode}" for bits in (128, 192, 256) for mode in ("cbc", "ecb"))
_VERBS: dict[str, Callable[[Call, list[str]], Effects]] = {
    "dgst": _digest, "base64": _base64, "passwd": _passwd, "rand": _random, "s_client": _connect,
}  # fmt: skip
