# SPDX-License-Identifier: MIT
"""A hello that is known gives what reading it would give, whatever was read before and however it was changed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_tls_messages import alpn, client_hello, groups, records, server_hello, server_name

from decnet_sniff.protocols.verdict import Verdict
from decnet_sniff.sniff.tls import known_hellos
from decnet_sniff.sniff.tls.hello import HELLO_RETRY, Hello
from decnet_sniff.sniff.tls.known_hellos import MOST_KNOWN, MOST_MADE, KnownHellos
from decnet_sniff.sniff.tls.records import recognise

RANDOM = slice(11, 43)


def client(name: bytes = b"a.example", key: bytes = b"k" * 32, *more: bytes) -> bytes:
    extensions = [server_name(name), groups(29, 23), alpn(b"h2"), (51, key), *((60_000, one) for one in more)]
    return records(client_hello(extensions=extensions))


def read(known: KnownHellos[Hello], data: bytes) -> Hello | Verdict:
    """Read as the sniffer does."""
    found = known.get(data)
    if found is not None:
        return found
    hello = recognise(data)
    if not isinstance(hello, Verdict):
        known.put(data, hello, hello)
    return hello


def test_the_third_of_the_same_is_known_whatever_its_keys_and_names_are() -> None:
    known, hello = KnownHellos[str](), recognise(client())
    assert not isinstance(hello, Verdict)
    for _ in range(2):
        assert known.get(client()) is None
        known.put(client(), hello, "result")
    assert known.get(client(key=b"x" * 32)) == "result"
    assert known.get(client(key=b"x" * 32) + b"what follows") == "result"
    assert known.get(client(b"b.example")) is None
    known.put(client(b"b.example"), hello, "of b")
    assert (known.get(client(b"b.example")), known.get(client())) == ("of b", "result")
    assert known.get(client()[:-1]) is None


def test_a_hello_retry_request_is_told_from_the_answer_that_looks_like_it() -> None:
    known, answer = KnownHellos[Hello](), records(server_hello())
    again = answer[: RANDOM.start] + HELLO_RETRY + answer[RANDOM.stop :]
    for data in (answer, answer, answer, again, again, again, answer):
        assert read(known, data) == recognise(data)
    assert recognise(again) != recognise(answer)


changes = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4)


@given(st.lists(st.tuples(st.integers(0, 3), changes, st.integers(0, 400)), max_size=40))
def test_what_is_known_is_what_would_be_read(sent: list[tuple[int, list[tuple[int, int]], int]]) -> None:
    known = KnownHellos[Hello]()
    originals = (client(), client(b"b.example"), client(b"a.example", b"k" * 32, b"more"), records(server_hello()))
    for original in originals * 3:
        assert read(known, original) == recognise(original)
    for which, changed, cut in sent:
        data = bytearray(originals[which])
        for place, value in changed:
            data[place % len(data)] = value
        told = bytes(data[: len(data) - max(0, cut - 300)])
        assert read(known, told) == recognise(told)


def test_every_byte_that_is_read_is_compared() -> None:
    known = KnownHellos[Hello]()
    for original in (client(), records(server_hello())):
        for _ in range(3):
            read(known, original)
        for place in range(len(original)):
            data = original[:place] + bytes([original[place] ^ 0x41]) + original[place + 1 :]
            assert (known.get(data) or recognise(data)) == recognise(data), place


def test_hellos_that_are_never_the_same_are_held_within_the_limit() -> None:
    known, chance = KnownHellos[Hello](), random.Random(3)
    for _ in range(3 * MOST_KNOWN):
        ciphers = [chance.randrange(1 << 16) for _ in range(5)]
        read(known, records(client_hello(ciphers=ciphers)))
        assert len(known._layouts) <= MOST_KNOWN


def test_a_client_that_shuffles_its_extensions_makes_few_layouts() -> None:
    known, chance = KnownHellos[Hello](), random.Random(3)
    kinds = list(range(100, 116))
    for _ in range(100):
        chance.shuffle(kinds)
        data = records(client_hello(extensions=[(kind, b"") for kind in kinds]))
        assert read(known, data) == recognise(data)
    assert [layout.made for layout in known._layouts.values()] == [MOST_MADE]


def test_names_without_end_are_held_within_the_limit() -> None:
    known = KnownHellos[Hello]()
    for number in range(100):
        read(known, client(b"%09d" % number))
    (layout,) = known._layouts.values()
    assert len(layout._by_name) <= known_hellos.MOST_NAMES
