# SPDX-License-Identifier: MIT
"""What reads Authorization, cookies, tickets, links and names: nothing that is sent makes them fail otherwise."""

from __future__ import annotations

import contextlib
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.access import links
from decnet.access.names import account_name
from decnet.access.secrets import new_secret, new_token
from decnet.cli.errors import WrongUsageError
from decnet_web.api.accounts import cookies
from decnet_web.api.accounts.authorization import bearer, token_in_address
from decnet_web.api.accounts.factors import passkeys, totp
from decnet_web.api.accounts.factors.passwords import is_common
from decnet_web.api.accounts.scopes import allows, needed
from decnet_web.api.accounts.tickets import SealedError, Sealer, Tickets
from decnet_web.api.problems import Problem

KEY = b"k" * 32
HEADER = st.text(st.characters(max_codepoint=0xFF), max_size=300)


class One(msgspec.Struct, frozen=True):
    """A ticket's content."""

    word: str


class Other(msgspec.Struct, frozen=True):
    """Another's, of the same form."""

    word: str


@given(st.lists(HEADER, max_size=3))
def test_any_authorization_is_a_token_or_none(headers: list[str]) -> None:
    found = bearer(headers)
    assert found is None or (len(headers) == 1 and headers[0].lower().startswith("bearer ") and found in headers[0])


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        (["Bearer abc"], "abc"),
        (["bearer   abc  "], "abc"),
        (["Bearer abc", "Bearer abc"], None),
        (["Bearer a b"], None),
        (["Bearer"], None),
        (["Basic abc"], None),
        (["Bearer " + "x" * 257], None),
        (["Bearer a\u00a0b"], None),
        ([], None),
    ],
)
def test_a_token_is_read_out_of_one_header(headers: list[str], token: str | None) -> None:
    assert bearer(headers) == token


@given(st.lists(HEADER, max_size=3))
def test_any_cookie_is_a_secret_or_none(headers: list[str]) -> None:
    found = cookies.secret_in(headers)
    assert found is None or len(found) == 43


@given(HEADER.filter(lambda text: "__Host-decnet" not in text), HEADER.filter(lambda text: "__Host-decnet" not in text))
def test_a_secret_is_found_among_other_cookies_and_not_twice(before: str, after: str) -> None:
    secret = new_secret()
    ours = f"__Host-decnet={secret}"
    assert cookies.secret_in([f"{before}; {ours}; {after}"]) == secret
    assert cookies.secret_in([f"{before}; {ours}; {after}; {ours}"]) is None
    assert cookies.secret_in([ours, ours]) is None


@given(st.text(max_size=100))
def test_only_the_csrf_token_of_the_session_is_one(text: str) -> None:
    secret = new_secret()
    assert cookies.is_csrf_token(secret, cookies.csrf_token(secret))
    assert not cookies.is_csrf_token(secret, text)
    assert cookies.csrf_token(secret) != cookies.csrf_token(new_secret())


@given(st.text(st.characters(max_codepoint=0x7F), max_size=50), st.integers(0, 2))
def test_a_token_in_an_address_is_found_however_it_is_written(around: str, times: int) -> None:
    token = new_token()
    text = token
    for _ in range(times):
        text = "".join(f"%{ord(character):02X}" if times and character in "d_" else character for character in text)
        text = text if times == 1 else quote(text, safe="%")
    before, after = quote(around), quote(around)
    assert token_in_address("/api/v1/x", f"{before}&a={text}&{after}") == token
    assert token_in_address(f"/api/v1/{text}", "") == token


@given(st.text(max_size=200), st.text(max_size=200))
def test_an_address_without_a_token_has_none(path: str, query: str) -> None:
    assert token_in_address(path, query) is None


@given(st.text(max_size=60))
def test_a_ticket_opens_as_what_it_was_made_for(word: str) -> None:
    tickets = Tickets(KEY)
    ticket = tickets.make(One(word), 60)
    assert tickets.open(ticket, One)[0] == One(word)
    with pytest.raises(Problem):
        tickets.open(ticket, Other)
    with pytest.raises(Problem):
        Tickets(b"o" * 32).open(ticket, One)
    with pytest.raises(Problem):
        tickets.open(tickets.make(One(word), 0), One)


@given(st.text(max_size=300), st.integers(0, 200), st.characters(max_codepoint=0x7F))
def test_a_forged_ticket_opens_as_nothing(text: str, at: int, character: str) -> None:
    tickets = Tickets(KEY)
    made = tickets.make(One("x"), 60)
    at %= len(made)
    forged = made[:at] + character + made[at + 1 :]
    for ticket in (text, made[:at], *([forged] if forged != made else [])):
        opened = None
        with contextlib.suppress(Problem):
            opened = tickets.open(ticket, One)
        assert opened is None or ticket.rstrip("=") == made or _same_bytes(ticket, made)


def _same_bytes(ticket: str, made: str) -> bool:
    """Return whether two spellings of base64 stand for the same bytes: the last character has bits to spare."""
    return passkeys.decoded(ticket) == passkeys.decoded(made)


@given(st.binary(max_size=64), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_is_sealed_about_one_is_not_opened_about_another(text: bytes, about: str) -> None:
    sealer = Sealer(KEY, "test")
    sealed = sealer.seal(text, about)
    assert sealer.open(sealed, about) == text
    for other, place in ((sealer, f"{about}x"), (Sealer(KEY, "other"), about)):
        with pytest.raises(SealedError):
            other.open(sealed, place)


@given(st.text(max_size=80))
def test_a_name_is_plain_or_refused(text: str) -> None:
    with contextlib.suppress(WrongUsageError):
        name = account_name(text)
        assert name == text.lower()
        assert name.isascii()
        assert name.isprintable()
        assert account_name(name) == name


@given(st.text(max_size=100))
def test_any_code_is_a_step_or_none_and_any_recovery_code_has_a_digest(code: str) -> None:
    totp.step_of("JBSWY3DPEHPK3PXP", code, now=1_800_000_000)
    assert len(totp.recovery_digest(KEY, code)) == 64
    is_common(code.casefold())


@given(st.text(max_size=80))
def test_any_other_link_makes_no_administrator(secret: str) -> None:
    assert not links.is_first(KEY, secret)


def test_the_first_link_is_that_of_the_key_and_expires() -> None:
    secret = links.seal_first(KEY)
    assert links.is_first(KEY, secret)
    assert not links.is_first(b"o" * 32, secret)
    assert not links.is_first(KEY, secret[:-2] + "AA")
    assert not links.is_first(KEY, links.seal_first(KEY, lifetime_ns=-1))


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.none(), st.text(max_size=9), st.lists(st.integers()))))
def test_any_answer_of_a_browser_names_a_credential_or_none(answer: dict[str, object]) -> None:
    assert isinstance(passkeys.credential_in(answer), str)
    assert not passkeys.is_user(answer, UUID(int=1))


def test_scopes_of_routes() -> None:
    assert needed("GET", "viewer", []) == "read"
    assert needed("GET", "admin", ["database"]) == "read"
    assert needed("POST", "analyst", ["incidents"]) == "decide"
    assert needed("DELETE", "admin", ["deckies"]) == "deploy"
    assert needed("GET", "viewer", ["tokens"]) == "manage"
    assert allows((), "manage")
    assert not allows({"read"}, "decide")
