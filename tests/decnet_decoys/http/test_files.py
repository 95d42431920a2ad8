# SPDX-License-Identifier: MIT
"""Files under conditions, in parts, and compressed: whatever is asked, what is sent fits the file."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.http_head import Head
from decnet_decoys.http.files import File, Refused, sent
from decnet_decoys.http.flavour import Response
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.ranges import wanted

FLAVOURS = ("nginx", "apache", "lighttpd", "own")
CHANGED = 1_718_265_601
WORDS = st.sampled_from(
    ["bytes=", "BYTES=", "0", "5", "-", ",", " ", "99", "9" * 19, "*", '"x"', "Thu, 13 Jun 2024 08:00:01 GMT", "gzip"]
)
VALUES = st.text(max_size=40) | st.lists(WORDS, max_size=8).map("".join)
FIELDS = ("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")


def profile(flavour: str) -> HttpProfile:
    return HttpProfile(flavour=flavour, server="x/1", modified=CHANGED, pages={})  # type: ignore[arg-type]


def asked(*fields: tuple[str, str], method: str = "GET") -> Head:
    return Head(method, "/", "HTTP/1.1", (("Host", "x"), *fields))


def answer(flavour: str, body: bytes, *fields: tuple[str, str]) -> Response | Refused:
    return sent(profile(flavour), File((("Content-Type", "text/html"),), body, CHANGED), asked(*fields))


@given(st.sampled_from(FLAVOURS), VALUES, st.integers(0, 200))
def test_parts_are_in_the_file(flavour: str, value: str, size: int) -> None:
    for begin, end in wanted(flavour, value, size) or []:
        assert 0 <= begin <= end < size


@given(st.sampled_from(FLAVOURS), st.binary(max_size=100), st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_conditions_have_an_answer(flavour: str, body: bytes, fields: dict[str, str]) -> None:
    found = answer(flavour, body, *fields.items())
    assert found.status in {200, 206, 304, 412, 416}


@pytest.mark.parametrize(("flavour", "status"), [("nginx", 200), ("apache", 304), ("lighttpd", 304)])
def test_only_nginx_wants_the_very_date(flavour: str, status: int) -> None:
    later = ("If-Modified-Since", "Fri, 14 Jun 2024 08:00:01 GMT")
    assert answer(flavour, b"text", later).status == status


@pytest.mark.parametrize("form", ["Thursday, 13-Jun-24 08:00:01 GMT", "Thu Jun 13 08:00:01 2024"])
def test_dates_may_be_obsolete(form: str) -> None:
    assert answer("nginx", b"text", ("If-Modified-Since", form)).status == 304


def test_several_parts_are_sent_in_one_answer() -> None:
    found = answer("nginx", b"0123456789", ("Range", "bytes=8-9,0-1"))
    assert isinstance(found, Response)
    assert found.body.count(b"Content-Range: bytes ") == 2
    assert found.body.index(b"bytes 8-9/10") < found.body.index(b"bytes 0-1/10")


@pytest.mark.parametrize(("flavour", "tag"), [("nginx", 'W/"'), ("apache", '-gzip"')])
def test_a_page_is_compressed_for_who_wants_it(flavour: str, tag: str) -> None:
    body = b"<p>text</p>" * 20
    found = answer(flavour, body, ("Accept-Encoding", "gzip, deflate"))
    assert isinstance(found, Response)
    assert gzip.decompress(found.body) == body
    assert tag in dict(found.headers)["ETag"]
    plain = answer(flavour, body, ("Accept-Encoding", "gzip;q=0"))
    assert isinstance(plain, Response)
    assert plain.body == body


SIZE = 790
# As Debian's Apache 2.4.71 answered for a file of so many bytes; 0: the whole file.
APACHE = {
    "0-393,395-,0-393": 0,
    "0-9,20-789,0-9": 3,
    "0-9,20-789,0-10": 0,
    ",".join(f"{place}-{place}" for place in range(900, 690, -10)): 9,
    ",".join(f"0-{end}" for end in range(20)): 1,
    ",".join(("700-701", *(f"0-{end}" for end in range(21)))): 2,
    ",".join(("700-701", *(f"0-{end}" for end in range(22)))): 0,
}


@pytest.mark.parametrize(("parts", "sent_parts"), APACHE.items())
def test_apache_sends_no_more_than_the_file(parts: str, sent_parts: int) -> None:
    found = wanted("apache", f"bytes={parts}", SIZE)
    assert len(found or ()) == sent_parts


@given(st.sampled_from(FLAVOURS), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=30))
def test_parts_are_together_not_longer_than_the_file(flavour: str, pairs: list[tuple[int, int]]) -> None:
    field = "bytes=" + ",".join(f"{min(pair)}-{max(pair)}" for pair in pairs)
    assert sum(end - begin + 1 for begin, end in wanted(flavour, field, 150) or []) <= 150
