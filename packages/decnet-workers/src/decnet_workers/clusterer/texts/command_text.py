# SPDX-License-Identifier: MIT
"""What a command line tells apart from what changes at each run, and what it names: hosts, URLs, keys, wallets, ...

All patterns are linear in the text, which is bounded.
"""

import base64
import binascii
import contextlib
import hashlib
import re
from ipaddress import ip_address

from decnet_workers.clusterer.texts.named_hosts import named_hosts, without_hosts

_LONGEST = 4096
_MOST = 32

_URL = re.compile(r"\b(?:https?|ftps?|tftp)://[^\s'\"`<>|;&(){}\\]{3,512}", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_FETCH = re.compile(r"\b(?:wget|curl|tftp|ftpget|scp|nc|ncat|telnet|ssh)\b|/dev/(?:tcp|udp)/", re.IGNORECASE)
_SPLIT = re.compile(r"\s*(?:;|&&|\|\||\||\n)\s*")
_VARIES = re.compile(r"[0-9a-f]{8,}|\d{3,}|(?<=[/.])[A-Za-z]*\d[A-Za-z0-9]{5,}", re.IGNORECASE)
_KEY = re.compile(r"\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3})[ \t]+(AAAA[0-9A-Za-z+/]{60,3000}={0,2})")
_SPACES = re.compile(r"\s+")
_FAMILY = re.compile(r"(?:/bin/)?busybox ([A-Z0-9]{3,24})(?![\w.-])")
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_WALLET = re.compile(
    rf"(?<![0-9A-Za-z])(?:[48]{_BASE58}{{94}}(?:{_BASE58}{{11}})?|0x[0-9a-fA-F]{{40}}"
    r"|(?:bc|ltc)1[02-9ac-hj-np-z]{25,71})(?![0-9A-Za-z])"
)
"""Monero (also integrated addresses), Ethereum and its kin, Bitcoin and Litecoin (BIP 173)."""
_IMAGE = re.compile(r'"Image"\s{0,4}:\s{0,4}"([^"\s]{1,200})/[^"/\s]{1,200}"')
_REGISTRY = re.compile(r"(?:localhost|[^/]*[.:][^/]*)(?=/|$)")
_LOCAL = re.compile(r"(?:localhost|127\.[0-9.]+)(?::[0-9]+)?")
_DOCKER = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")

INFECTED = "/bin/busybox FAMILY"
"""What malware for devices runs to see that a shell answers, with its name for the applet, as Mirai does."""


def parts(command: str) -> list[str]:
    """Return the command's parts, without what differs from run to run: addresses, URLs, numbers, random names."""
    found = []
    for part in _SPLIT.split(without_hosts(command[:_LONGEST]))[:_MOST]:
        text = _VARIES.sub("#", _ADDRESS.sub("ADDRESS", _URL.sub("URL", part)))
        text = _SPACES.sub(" ", text).strip()
        if text:
            found.append(INFECTED if _FAMILY.fullmatch(text) else text[:256])
    return found


def urls(command: str) -> list[str]:
    """Return the URLs in a command, and what it has programs fetch that take a URL without its scheme, too."""
    text = command[:_LONGEST]
    found = [*_URL.findall(text)[:_MOST], *(one.url for one in named_hosts(text) if one.url)]
    return [url.rstrip("/.,") for url in found]


def hosts(command: str) -> list[str]:
    """Return the hosts that the command fetches from or connects to: of its URLs, and those that it names itself."""
    text = command[:_LONGEST]
    named = [host for url in urls(text) if (host := _host(url))]
    named += (one.host for one in named_hosts(text))
    if _FETCH.search(text):
        named += _ADDRESS.findall(text)[:_MOST]
    return [host for host in dict.fromkeys(named) if _is_public(host)]


def keys(text: str) -> list[str]:
    """Return the fingerprints, as OpenSSH prints them, of the public keys in a text: who plants one means to use it."""
    found = []
    for body in _KEY.findall(text[:_LONGEST])[:_MOST]:
        with contextlib.suppress(binascii.Error):
            whole = hashlib.sha256(base64.b64decode(body, validate=True)).digest()
            found.append("SHA256:" + base64.b64encode(whole).decode().rstrip("="))
    return found


def wallets(text: str) -> list[str]:
    """Return the wallets in a text, into which what is mined goes: whoever runs the miner, theirs is the profit."""
    return _WALLET.findall(text[:_LONGEST])[:_MOST]


def image_accounts(text: str) -> list[str]:
    """Return whose the images are of which a text has Docker make containers; none for those of Docker itself.

    Docker's own registry may be named or not, and a registry of somebody's own is theirs, with or without an account.
    """
    found = (_account(path.lower()) for path in _IMAGE.findall(text[:_LONGEST])[:_MOST])
    return [account for account in found if account]


def _account(path: str) -> str:
    """Return the account of an image's path, as Docker resolves it; empty for the official images."""
    named = _REGISTRY.match(path)
    registry = named.group() if named is not None else ""
    account = path[len(registry) :].strip("/").partition("/")[0]
    if registry in ("", *_DOCKER):
        return "" if account == "library" else account
    if _LOCAL.fullmatch(registry):
        return ""
    return f"{registry}/{account}".strip("/")


def applets(command: str) -> list[str]:
    """Return the names for an applet by which malware for devices sees that a shell answers: each fork has its own."""
    return _FAMILY.findall(command[:_LONGEST])[:_MOST]


def _host(url: str) -> str:
    authority = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return authority.partition(":")[0].rstrip(".")


def _is_public(host: str) -> bool:
    """Return whether the host says something of who named it."""
    try:
        address = ip_address(host)
    except ValueError:
        return "." in host and len(host) <= 253
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local)
