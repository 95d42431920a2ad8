# SPDX-License-Identifier: MIT
"""Enrolment and renewal over real sockets, with the real child that signs."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import issued_token, master, sensor, signing_request

from decnet_core.runtime.counters import Counters
from decnet_core.runtime.parking import Parking
from decnet_swarm.address import Address
from decnet_swarm.enrolment import client, exchange, messages, signing_requests
from decnet_swarm.enrolment.exchange import ExchangeError
from decnet_swarm.enrolment.messages import AskAuthority, Enrol, Issued, Refused, Renew
from decnet_swarm.enrolment.renewal_loop import due_at, renew_when_due
from decnet_swarm.enrolment.server import MAX_CONNECTIONS, EnrolmentServer
from decnet_swarm.pki import authority, bootstrap_ca, files
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.contexts import client_context, forwarder_context, listener_context
from decnet_swarm.pki.names import Role
from decnet_swarm.pki.registry_file import load
from decnet_swarm.pki.token import new_token

DEADLINE = 60.0


class Office:
    """A master with its server open."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = master(state)
        self.counters = Counters()
        self.admission = Admission(self.folder)
        self.server = EnrolmentServer(self.folder, self.admission, self.counters, days=90, port=7777)

    @property
    def address(self) -> Address:
        found = self.server.address
        assert found is not None
        return Address(*found)

    def counted(self, name: str) -> float:
        return self.counters.snapshot().get(name, 0)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    found = Office(tmp_path / "master")
    await found.server.open("127.0.0.1", 0)
    try:
        yield found
    finally:
        await found.server.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():
            await asyncio.sleep(0.01)


def trusting(office: Office) -> ssl.SSLContext:
    context = client_context()
    context.load_verify_locations(office.folder / files.AUTHORITY)
    return context


async def test_sensor_enrols_with_its_token_and_is_a_member(office: Office, tmp_path: Path) -> None:
    folder = files.forwarder_folder(tmp_path / "sensor")
    known = await asyncio.to_thread(client.enrol, folder, office.address, issued_token(office.state))
    assert (known.name, known.server) == ("berlin-1", "127.0.0.1:7777")
    assert files.enrolled(folder) == known
    own = files.certificate_in((folder / files.IDENTITY).read_text())
    assert isinstance(office.admission.admit(own), Admitted)
    assert office.counted("enrolled") == 1
    (member,) = load(office.folder).sensors
    assert member.address == "127.0.0.1"
    assert load(office.folder).tokens == ()
    forwarder_context(folder)
    await until(lambda: not office.server._connections)
    assert office.counted("enrolment_errors") == 0


async def test_token_that_was_used_is_refused(office: Office, tmp_path: Path) -> None:
    token, other = issued_token(office.state), issued_token(office.state, "paris")
    await asyncio.to_thread(client.enrol, tmp_path / "one" / "forwarder", office.address, token)
    with pytest.raises(ExchangeError, match="can be used once"):
        await asyncio.to_thread(client.enrol, tmp_path / "two" / "forwarder", office.address, token)
    assert not (tmp_path / "two").exists()
    await asyncio.to_thread(client.enrol, tmp_path / "two" / "forwarder", office.address, other)


async def test_of_processes_that_sign_at_once_for_one_token_one_does(office: Office) -> None:
    token = issued_token(office.state)
    requests = [authority.request(authority.new_key(), "x") for _ in range(4)]
    answers = await asyncio.gather(
        *(signing_requests.sign_in_child(office.folder, signing_request(token, one), 90) for one in requests)
    )
    assert sorted(type(one).__name__ for one in answers) == ["Issued", "Refused", "Refused", "Refused"]
    assert len(load(office.folder).sensors[0].certificates) == 1


async def test_of_two_hosts_with_one_token_one_is_enrolled(office: Office, tmp_path: Path) -> None:
    token = issued_token(office.state)
    came = await asyncio.gather(
        *(asyncio.to_thread(client.enrol, tmp_path / str(n) / "forwarder", office.address, token) for n in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in came) == ["Enrolled", "ExchangeError", "ExchangeError"]
    assert len(load(office.folder).sensors) == 1
    assert len(load(office.folder).sensors[0].certificates) == 1


async def test_nobody_is_greeted_while_no_token_waits(office: Office) -> None:
    with pytest.raises(ExchangeError, match="ended the connection"):
        await asyncio.to_thread(exchange.ask, office.address, trusting(office), AskAuthority())
    assert office.counted("enrolments_closed") == 1
    bootstrap_ca.issue_token(office.state, "berlin-1", 0.0)  # expires at once
    with pytest.raises(ExchangeError):
        await asyncio.to_thread(exchange.ask, office.address, trusting(office), AskAuthority())


async def test_wrong_secret_is_refused_without_starting_a_child(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issued_token(office.state)
    monkeypatch.setattr("decnet_swarm.enrolment.server.sign_in_child", None)
    for key, secret in ((token.id, b"x" * 16), (b"x" * 8, token.secret), (b"", b""), (token.id, b"")):
        question = Enrol(key, secret, authority.request(authority.new_key(), "x"))
        answer = await asyncio.to_thread(exchange.ask, office.address, trusting(office), question)
        assert isinstance(answer, Refused)
        assert answer.reason == "token"
    assert office.counted("enrolments_refused") == 4


async def test_sensor_sends_its_token_to_no_host_but_the_master_that_made_it(office: Office, tmp_path: Path) -> None:
    issued_token(office.state)
    foreign = new_token(bytes(32), "berlin-1")
    with pytest.raises(ExchangeError, match="another fingerprint; nothing was sent"):
        await asyncio.to_thread(client.enrol, tmp_path / "forwarder", office.address, foreign)
    await until(lambda: office.server._connections == 0)
    assert office.counted("enrolments_refused") == 0


async def test_a_clock_that_is_days_late_is_reported_and_the_token_kept(office: Office, tmp_path: Path) -> None:
    root = authority.Signer.from_pem((files.authority_folder(office.state) / files.ROOT_KEY).read_bytes())
    key, later = authority.new_key(), dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    made = authority.member(root, Role.LISTENER, "x", key.public_key(), now=later, days=9)
    files.write(office.folder / files.IDENTITY, authority.key_pem(key) + authority.certificate_pem(made))
    token, folder = issued_token(office.state), tmp_path / "forwarder"
    with pytest.raises(ExchangeError, match=r"not yet valid.*clock is 3 days, .* behind the master's"):
        await asyncio.to_thread(client.enrol, folder, office.address, token, lambda: time.time() - 3 * 86400)
    assert len(load(office.folder).tokens) == 1


async def test_a_token_that_is_no_longer_valid_is_explained(office: Office, tmp_path: Path) -> None:
    token = issued_token(office.state, hours=0)
    with pytest.raises(ExchangeError, match="only while a token is unused"):
        await asyncio.to_thread(client.enrol, tmp_path / "forwarder", office.address, token)


async def test_a_source_that_connects_too_often_is_rejected(office: Office) -> None:
    issued_token(office.state)
    for _ in range(30):
        _, writer = await asyncio.open_connection(*office.address)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    await until(lambda: office.counted("enrolments_limited") >= 15)
    await until(lambda: office.server._connections == 0)


async def test_only_so_many_are_inside_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    issued_token(office.state)
    monkeypatch.setattr(office.server._rates, "allows", lambda *_: True)
    opened = [await asyncio.open_connection(*office.address) for _ in range(MAX_CONNECTIONS + 5)]
    try:
        await until(lambda: office.counted("enrolments_limited") == 5)
        assert office.server._connections == MAX_CONNECTIONS
    finally:
        for _, writer in opened:
            writer.close()
    await until(lambda: office.server._connections == 0)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 70_000, b"\0" * 9])
async def test_garbage_before_tls_ends_the_connection(office: Office, said: bytes) -> None:
    issued_token(office.state)
    reader, writer = await asyncio.open_connection(*office.address)
    with contextlib.suppress(OSError):
        writer.write(said)
        writer.write_eof()
        async with asyncio.timeout(DEADLINE):
            await reader.read()
    writer.close()
    await until(lambda: office.counted("enrolment_errors") == 1)
    await until(lambda: office.server._connections == 0)


@pytest.mark.parametrize("said", [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x02{}", b"\0\0\0\x04null", b"\0\0\0\x01x"])
async def test_garbage_inside_tls_is_refused(office: Office, said: bytes) -> None:
    issued_token(office.state)
    reader, writer = await asyncio.open_connection(*office.address, ssl=trusting(office), server_hostname="x")
    writer.write(said)
    async with asyncio.timeout(DEADLINE):
        answer = messages.answer_in((await reader.read())[messages.HEAD :])
    writer.close()
    assert isinstance(answer, Refused)
    assert answer.reason == "request"


async def test_a_silent_client_is_disconnected(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_swarm.enrolment.server.SECONDS", 0.2)
    issued_token(office.state)
    _, writer = await asyncio.open_connection(*office.address)
    await until(lambda: office.counted("enrolment_errors") == 1)
    writer.close()


async def test_a_child_that_fails_is_a_defect_and_not_the_sensors_fault(office: Office, tmp_path: Path) -> None:
    token = issued_token(office.state)
    (office.folder / files.ISSUING).write_bytes(b"half a key")
    with pytest.raises(ExchangeError, match="its log says why"):
        await asyncio.to_thread(client.enrol, tmp_path / "forwarder", office.address, token)
    assert len(load(office.folder).tokens) == 1


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(office: Office) -> AsyncIterator[Address]:
    """Yield where renewals are taken as the listener takes them: on its own port, from members only."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = writer.get_extra_info("ssl_object")
        office.admission.refresh()
        found = office.admission.admit(link.getpeercert(binary_form=True))
        if isinstance(found, Refusal):
            writer.transport.abort()
        else:
            await office.server.renew(reader, writer, found)

    context = listener_context(office.folder)
    context.set_alpn_protocols([messages.RENEWAL_PROTOCOL])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield Address(*server.sockets[0].getsockname()[:2])
    finally:
        server.close()


async def test_certificate_is_renewed_for_a_new_key_and_both_are_members(office: Office, tmp_path: Path) -> None:
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"))
    before = (folder / files.IDENTITY).read_text()
    async with listening(office) as server:
        await asyncio.to_thread(client.renew, folder, server)
    after = (folder / files.IDENTITY).read_text()
    assert authority.read_key(after.encode()).private_numbers() != authority.read_key(before.encode()).private_numbers()
    for identity in (before, after):
        assert isinstance(office.admission.admit(files.certificate_in(identity)), Admitted)
    assert office.counted("renewed") == 1


async def test_sensor_that_never_got_the_answer_asks_again_with_the_old_one(office: Office, tmp_path: Path) -> None:
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"))
    before = (folder / files.IDENTITY).read_bytes()
    async with listening(office) as server:
        await asyncio.to_thread(client.renew, folder, server)
        files.write(folder / files.IDENTITY, before)
        await asyncio.to_thread(client.renew, folder, server)
    assert len(load(office.folder).sensors[0].certificates) == 2
    assert isinstance(office.admission.admit(files.certificate_in((folder / files.IDENTITY).read_text())), Admitted)


async def test_revoked_sensor_gets_no_certificate(office: Office, tmp_path: Path) -> None:
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"))
    bootstrap_ca.revoke(office.state, "berlin-1")
    async with listening(office) as server:
        with pytest.raises(ExchangeError):
            await asyncio.to_thread(client.renew, folder, server)
    assert office.counted("renewed") == 0


async def test_member_may_not_enrol_or_say_hello_where_certificates_are_renewed(office: Office, tmp_path: Path) -> None:
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"))
    context = forwarder_context(folder)
    context.set_alpn_protocols([messages.RENEWAL_PROTOCOL])
    async with listening(office) as server:
        for question in (AskAuthority(), Enrol(b"", b"", "")):
            answer = await asyncio.to_thread(exchange.ask, server, context, question)
            assert isinstance(answer, Refused)
        answer = await asyncio.to_thread(exchange.ask, server, context, Renew("no request"))
        assert isinstance(answer, Refused)
        request = authority.request(authority.new_key(), "someone-else")
        answer = await asyncio.to_thread(exchange.ask, server, context, Renew(request))
    assert isinstance(answer, Issued)
    assert answer.name == "berlin-1"


async def test_forwarder_renews_after_two_thirds_of_the_life(office: Office, tmp_path: Path) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=61)
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"), now=long_ago)
    old, counters, parking = files.validity(folder), Counters(), Parking()
    assert due_at(old) < time.time() < old.not_after
    async with listening(office) as server:
        task = asyncio.ensure_future(renew_when_due(counters, folder, str(server), parking))
        try:
            await until(lambda: counters.snapshot().get("certificate_days_left", 0) > 80)
        finally:
            task.cancel()
    assert counters.snapshot()["certificate_renewals"] == 1
    assert files.validity(folder).not_after > old.not_after
    assert due_at(files.validity(folder)) - time.time() == pytest.approx(parking.side_due - time.monotonic(), abs=60)


async def test_renewal_that_fails_is_counted_and_tried_again(office: Office, tmp_path: Path) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=61)
    folder = sensor(office.state, files.forwarder_folder(tmp_path / "sensor"), now=long_ago)
    before, counters, asked = (folder / files.IDENTITY).read_bytes(), Counters(), list[float]()
    parking = Parking()
    parking.enable(0.0, lambda since, _: asked.append(since))
    task = asyncio.ensure_future(renew_when_due(counters, folder, str(office.address), parking, retry_seconds=0.01))
    try:
        await until(lambda: counters.snapshot().get("certificate_renewals_failed", 0) >= 2)
        parking.rest(0.0, 1.0)
        assert not asked  # its next life would know nothing of the failures, and try again at once
    finally:
        task.cancel()
    assert (folder / files.IDENTITY).read_bytes() == before
