# SPDX-License-Identifier: MIT
"""Which public password list an attacker walks, by the order in which it tries what is on it; pure.

The lists are here as digests of four bytes for each entry, in their order: enough to compare orders, of no use for
guessing. Who walks a list tries its entries in its order, with some left out or tried several times, so the ranks of
the entries correlate with those of the tries (Spearman). Of a list from which a program draws at random, as Mirai does,
only what is tried tells.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import msgspec

DIGEST = 4
LEAST_TRIES = 8
"""Different entries of a list that must have been tried."""
LEAST_CORRELATION = 0.9
LEAST_SHARE = 0.5
"""The part of all tries that must be of the list that is walked ..."""
LEAST_DRAWN = 0.8
"""... or drawn from."""


class WalkedList(msgspec.Struct, frozen=True):
    """A list that was recognised: how many of its first `known` entries were tried, and of how many tries."""

    name: str
    tried: int
    known: int
    tries: int
    correlation: float | None
    """Of the order with the list's; None for a list that is drawn from."""

    @property
    def reason(self) -> str:
        """In words."""
        what = f"{self.tried} of its first {self.known} entries among {self.tries} tries"
        return what if self.correlation is None else f"{what}, in its order (correlation {self.correlation:.2f})"


class _List(msgspec.Struct, frozen=True):
    digests: str
    pairs: bool = False
    """Whether the entries are users with their passwords."""


LISTS: Mapping[str, _List] = {
    "Mirai's built-in credentials": _List(
        "iBr4zBAzVgkPayx5mWzrKEvPu97u75mJnhwoUsATJzRHOCoHEhmufOO0/GlTfmvpcLmi+pjZICYVnOWrjUme4rENHdDF3hxT"
        "PU3LO0/t7LngrXdm7i2QQCucvG3KcKH0bo/SA6VERbFgpAHRSffVX0Pb8YkxjvjNyIeSyCvvldfEzK4cZS37qrydsbVSnxe0"
        "R5CZ/eGYGTTOA6x3qpb89tiyyAV/cDHT0jBr1oQBQUjninPiz6PdxwkIe3L75U9/nUoTuMTQPvhL8qpMNhG9QVtkZkTNB0gt"
        "y0VqOV3hxKRW70XXIEpqmHGFwK91Ajb8",
        pairs=True,
    ),
    "rockyou.txt": _List(
        "nDP0H1YvMjLlCJxNHrZVtjcwkaSGqNOhp0JC58dGs2s3EQ3SjY2NS5g2Yl3sUDOHn6HT6PT/y/v2HvHFA7oWcIVmLyUH5BYx"
        "mf9SjiEjj8po3VGf3sVj4zBERJCpKrlFqRBOj8TXeI1nmD3LVLciYKSJtIGQ3wz99kJ4zUKzs4EP5d8quBcOaVdh3Jk7kHsY"
        "sVhmh0zl+13CHD2FykVNYzkBrYOomwE8cwr9NQCA45C4QRTqv6ux+rWeBl+IH/DdsCi4p/MCEvL/bno6xzgmzvDOkxkQhh8/"
        "d+vc3uGlgJJj45PrHG2GPV1c+2zqZwb3d2iQIXBuRvOiCJtrCGYPNNwFR6QKtKcbwLoy8BakXbLxi4OFX4sV1nLeXpMmu2Oq"
        "Y1/h4dbo28xZjH8UQsbwoj7b/3d91oUsl4pXhZtWt9N/rEpjRHwwO2DI+H9rMt4UCXaaKIbxpTNG/MqV/k6/9/A+n1x1JWhH"
        "CrrHP0SFxhADdcut+W+pQbgi87R3iQe+5CMbFZ63szDZs4LSjbfEhw=="
    ),
    "10-million-password-list-top-100 (SecLists)": _List(
        "nDP0Hx62VbY3EQ3SISOPyuUInE1WLzIyZbr7OWjdUZ+nQkLnCXaaKMpFTWPbs/GMjY2NSzkBrYP0/8v73b5C92wc8DRjX+Hh"
        "3k27Jia7Y6qSZRbX+iGRl49zpH6IH/DdB+QWMYVmLyW6C72WsCi4p4xxLXYOuASCwhw9hdV91CgwRESQ+zhYqALXtQ23w7GF"
        "1VA0NFdh3Jm4QRTqzQPIpHN10SNc10LWfaJrhKSJtIFrZZK3eC6z4Hfr3N6pEE6PxNd4jTcwkaQV0/T3mVMalwhmDzQ+2/93"
        "9n3mycSJJRX0/7SA7FAzhwH//w7qBkn58cr2RHNa0ZIULeU9YMj4f6kquUUDuhZwWOWN4rPw52sFyDHvYIEvpBEiGtHvDm3K"
        "2zr4+uIVqkdXUCkn67EREl5XgwS85f6NysMoRLbRUy2GqNOhv6ux+i5mJKv/bno68D6fXMjvVziZ/1KOBnP6dpg2Yl3AujLw"
        "X/JtFULG8KL2QmmcB86frkR8MDt1RP0RZZqHbQSzA5G4IvO0ggYfbQ=="
    ),
    "top-20-common-SSH-passwords (SecLists)": _List(
        "cReAbV3i1qR+ZQZL/CExNHSL8RlN9lbdHrZVtlfKXN6+tJCOOxVOUTcRDdJluvs5Vi8yMiEjj8qk1RiazylELZc3jTzCyQ+j"
        "3b5C9yFW1lKHsZPUTj/EYg=="
    ),
}
"""The beginnings of lists that brute-force tools are commonly given."""


def short_digest(entry: str) -> bytes:
    """Return the digest of a password, or of `user:password`."""
    return hashlib.blake2b(entry.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def is_public(user: str, secret: str) -> bool:
    """Return whether a credential is on one of the lists, or a name that is its own password."""
    passwords, pairs = _public()
    return user == secret or short_digest(secret) in passwords or short_digest(f"{user}:{secret}") in pairs


def is_guessable(user: str, secret: str) -> bool:
    """Return whether a credential is public, or its password is a common word, or its user, as people vary them.

    People write `P@ssw0rd1!` for `password`, and so do the rules with which programs vary lists.
    """
    if is_public(user, secret):
        return True
    plain = secret.lower().strip(_AFFIXES)
    word = plain_word(secret)
    return bool({word, plain} & {user.lower(), *_ACCOUNTS}) or any(
        short_digest(one) in _public()[0] for one in (word, plain)
    )


def plain_word(secret: str) -> str:
    """Return a password without the digits and signs at its ends, in small letters, with letters for look-alikes."""
    return secret.lower().strip(_AFFIXES).translate(_LOOK_ALIKES)


_LOOK_ALIKES = str.maketrans("@4031$57", "aaoeisst")
_AFFIXES = "0123456789!@#$%^&*._-? "
_ACCOUNTS = frozenset(
    (
        *(
            "root",
            "admin",
            "administrator",
            "user",
            "test",
            "guest",
            "ubuntu",
            "debian",
            "centos",
            "oracle",
            "postgres",
        ),
        *("mysql", "git", "ftp", "ftpuser", "pi", "raspberry", "support", "service", "deploy", "www", "www-data"),
        *("nagios", "tomcat", "hadoop", "jenkins", "ansible", "backup", "vagrant", "docker", "minecraft", "steam"),
        *("default", "system", "toor", "changeme", "letmein"),
    )
)
"""Names of accounts that programs make, and the words that people who set a password at once take."""


@cache
def _public() -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return the digests of all passwords, and of all pairs."""
    found = tuple(
        frozenset(place for name, one in LISTS.items() if one.pairs is pairs for place in _places(name))
        for pairs in (False, True)
    )
    return found[0], found[1]


def walked(tries: Sequence[tuple[str, str]]) -> tuple[WalkedList, ...]:
    """Return the lists that explain `tries` of users and passwords, in the order of the first one; best first."""
    entries = _entries(tries)
    compared = (_compared(name, entries[LISTS[name].pairs]) for name in LISTS)
    found = [one for one in compared if one is not None]
    return tuple(sorted(found, key=lambda one: (-one.tried, -(one.correlation or 0), one.name)))


def explicable(tries: Sequence[tuple[str, str]]) -> bool:
    """Return whether a list could explain the tries, going by how many there are alone; more tries never help."""
    entries = _entries(tries)
    return any(_could_explain(name, entries[one.pairs]) for name, one in LISTS.items())


def _entries(tries: Sequence[tuple[str, str]]) -> tuple[Collection[str], Collection[str]]:
    """Return the different secrets, and the different pairs."""
    secrets = dict.fromkeys(secret for _, secret in tries)
    return secrets, dict.fromkeys(f"{user}:{secret}" for user, secret in tries)


def _could_explain(name: str, entries: Collection[str]) -> bool:
    """Return whether all of a list would be a large enough part of the entries."""
    return len(entries) * (LEAST_DRAWN if LISTS[name].pairs else LEAST_SHARE) <= len(_places(name))


def _compared(name: str, entries: Collection[str]) -> WalkedList | None:
    """Return whether a list explains these entries, which are in the order of the first try."""
    places, pairs = _places(name), LISTS[name].pairs
    least = LEAST_DRAWN if pairs else LEAST_SHARE
    if not _could_explain(name, entries):  # digests cost most here
        return None
    digests = dict.fromkeys(map(short_digest, entries))
    order = [places[one] for one in digests if one in places]
    share = len(order) / len(digests) if digests else 0.0
    if len(order) < LEAST_TRIES or share < least:
        return None
    correlation = None if pairs else spearman(order)
    if correlation is not None and correlation < LEAST_CORRELATION:
        return None
    return WalkedList(name, len(order), len(places), len(digests), correlation)


def spearman(order: Sequence[int]) -> float:
    """Return the rank correlation of different numbers with their positions; 0 for fewer than two."""
    count = len(order)
    if count < 2:
        return 0.0
    ranks = {value: rank for rank, value in enumerate(sorted(order))}
    distance = sum((rank - ranks[value]) ** 2 for rank, value in enumerate(order))
    return 1 - 6 * distance / (count * (count**2 - 1))


@cache
def _places(name: str) -> Mapping[bytes, int]:
    data = base64.b64decode(LISTS[name].digests)
    return {data[at : at + DIGEST]: at // DIGEST for at in range(0, len(data), DIGEST)}
