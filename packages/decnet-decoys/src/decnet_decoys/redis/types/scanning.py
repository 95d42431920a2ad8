# SPDX-License-Identifier: MIT
"""HSCAN, SSCAN and ZSCAN: all parts of a value at once, as the real server returns those of a small one."""

import fnmatch
import re
from collections.abc import Iterable, Sequence

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Reply, score_text
from decnet_decoys.redis.types.sorted_sets import ordered

_LONGEST_PATTERN = 128


def _scanned(given: Arguments, parts: Iterable[Sequence[bytes]]) -> Reply:
    """Return the parts whose name fits; each has a name, and perhaps a value."""
    if number(given[1]) is None:
        return Error("ERR invalid cursor")
    options = dict(zip([one.upper() for one in given[2::2]], given[3::2], strict=False))
    count = number(options.get(b"COUNT", b"10"))
    found = list(parts)
    if not found:
        return [b"0", []]
    if count is None:
        return NOT_A_NUMBER
    if len(given) % 2 or not set(options) <= {b"MATCH", b"COUNT"} or count < 1:
        return SYNTAX
    pattern = options.get(b"MATCH", b"*")[:_LONGEST_PATTERN].decode("latin-1")
    fits = re.compile(fnmatch.translate(pattern)).match
    return [b"0", [part for one in found if fits(one[0].decode("latin-1")) for part in one]]


def hscan(client: Client, given: Arguments) -> Reply:
    return _scanned(given, client.keys.hash_(given[0]).items())


def sscan(client: Client, given: Arguments) -> Reply:
    return _scanned(given, [(one,) for one in sorted(client.keys.set_(given[0]))])


def zscan(client: Client, given: Arguments) -> Reply:
    return _scanned(given, [(name, score_text(each)) for name, each in ordered(client.keys.scores(given[0]))])


COMMANDS: dict[str, tuple[Function, int]] = {"hscan": (hscan, -3), "sscan": (sscan, -3), "zscan": (zscan, -3)}
