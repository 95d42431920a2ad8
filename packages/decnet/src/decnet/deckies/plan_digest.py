# SPDX-License-Identifier: MIT
"""Names a plan, so that what is carried out is what somebody was shown.

A digest is a random salt and the SHA-256 of the plan. The seeds of new deckies, from which their MAC addresses and
serial numbers follow, are drawn from the salt; so the same wishes make the same plan again as long as nothing they
depend on has changed: rows, personas, images, this host's network.
"""

import hashlib
import hmac
import itertools
import re
import secrets
from collections.abc import Callable

import msgspec

from decnet.cli.errors import WrongUsageError
from decnet.deckies.plan import Plan
from decnet.deckies.resolve import MAX_SEED

_DIGEST = re.compile(r"([0-9a-f]{16})\.([0-9a-f]{64})")


def new_salt() -> str:
    """Return a salt for a new plan."""
    return secrets.token_hex(8)


def salt_of(digest: str) -> str:
    """Return the salt of a digest; raises WrongUsageError for what is none."""
    found = _DIGEST.fullmatch(digest)
    if found is None:
        raise WrongUsageError("the digest is not one of a plan: plan first, and send the plan's digest")
    return found[1]


def seeds(salt: str) -> Callable[[], int]:
    """Return what draws the seeds of new deckies from a salt."""
    numbers = itertools.count()

    def draw() -> int:
        drawn = hashlib.sha256(f"{salt}:{next(numbers)}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % (MAX_SEED - 1) + 1

    return draw


def digest_of(plan: Plan, salt: str) -> str:
    """Return the digest of a plan that was made with the seeds of `salt`."""
    return f"{salt}.{hashlib.sha256(salt.encode() + msgspec.json.encode(plan, order='deterministic')).hexdigest()}"


def is_of(plan: Plan, digest: str) -> bool:
    """Return whether it is this plan's digest."""
    return hmac.compare_digest(digest_of(plan, salt_of(digest)), digest)
