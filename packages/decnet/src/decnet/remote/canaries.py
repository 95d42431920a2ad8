# SPDX-License-Identifier: MIT
"""Canary tokens of a remote master: made, planted, listed, exported."""

from typing import Any

from decnet.canary.delegation import DelegationCheck
from decnet.canary.listing import KindShown, Listed
from decnet.canary.tokens import Planted
from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of
from decnet_models.attackers.profile import TokenHits


def canaries(remote: Remote, limit: int) -> list[Listed]:
    """Return canary tokens, newest first, with their hits."""
    rows = remote.listed("/canaries", limit)
    return [Listed(struct_of(row, Planted), struct_of(row, TokenHits) if row["hits"] else None) for row in rows]


def canary_kinds(remote: Remote) -> list[KindShown]:
    """Return the kinds of tokens."""
    return structs_of(remote.get("/canaries/kinds")["items"], KindShown)


def new_canary(remote: Remote, **asked: str) -> tuple[Planted, bytes, str]:
    """Make a token; return it with its bait and the name of its file, which is empty for a link."""
    made = remote.send("POST", "/canaries", asked)
    planted = struct_of(made, Planted)
    if made["file"] is None:
        return planted, made["content"].encode(), ""
    return planted, remote.download(f"/canaries/{place(planted.token)}/download"), made["file"]["name"]


def change_canary(remote: Remote, token: str, op: str) -> Any:
    """Disable, enable or remove a token; return the API's answer, for `remove` the token as it was."""
    path = f"/canaries/{place(token)}"
    if op != "remove":
        return remote.send("POST", f"{path}/{op}")
    shown = remote.get(path)
    remote.send("DELETE", path)
    return shown


def plant(remote: Remote, token: str, decky: str, path: str) -> tuple[str, str]:
    """Put a token's file on a decky; return the decky's name and where the file is."""
    made = remote.send("POST", f"/canaries/{place(token)}/plant", {"decky": decky, "path": path})
    return made["decky"], made["path"]


def instrument(remote: Remote, document: bytes, name: str, label: str) -> tuple[Planted, bytes, str]:
    """Put a new token into a document; return it with the new document and its name."""
    try:
        made = remote.upload("/canaries/instrument", document, name=name[-200:], label=label)
    except WrongUsageError as error:
        raise OperatorError(str(error)) from error
    planted = struct_of(made, Planted)
    return planted, remote.download(f"/canaries/{place(planted.token)}/download"), made["file"]["name"]


def exported(remote: Remote) -> bytes:
    """Return all tokens with their files as JSON."""
    return remote.download("/canaries/export")


def imported(remote: Remote, text: bytes) -> tuple[int, int]:
    """Add the tokens of an export; return how many were new, and how many were known."""
    done = remote.upload("/canaries/import", text)
    return done["new"], done["known"]


def check_dns(remote: Remote, resolver: str) -> list[DelegationCheck]:
    """Return what was found of the delegation of the zone."""
    return structs_of(remote.send("POST", "/canaries/check-dns", {"resolver": resolver})["steps"], DelegationCheck)
