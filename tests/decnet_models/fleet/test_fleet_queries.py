# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.fleet import change_log, mutation_policies, queries, states
from decnet_models.fleet.change_log import ChangeInfo, ChangeKind
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.fleet.states import State
from decnet_models.realism import queries as realism
from decnet_models.swarm import queries as swarm

HERE, THERE = Address("127.77.0.1"), Address("fd00::1", 64, "fd00::fe")
WEB = Decky("web", (HERE, THERE), "web.example", "loopback", "debian", (Service("http", 8080), Service("ssh", 2222)))


def info(kind: ChangeKind = "changed", now_ns: int = 5) -> ChangeInfo:
    return ChangeInfo(kind, "ana", "because", now_ns)


@pytest.fixture
def housed(engine: Engine) -> Engine:
    """Give a database with a persona and a sensor host."""
    with writing(engine) as connection:
        realism.write_persona(connection, realism.Persona("debian", "Linux"), now_ns=1)
        swarm.add_sensor(connection, "far", "the other site", now_ns=1)
    return engine


def test_a_decky_is_written_with_its_services_and_read_back(housed: Engine) -> None:
    with writing(housed) as connection:
        written = queries.write_decky(connection, WEB, info("added"))
        assert written == msgspec.structs.replace(WEB, version=1)
        assert queries.decky_named(connection, "web") == queries.decky_at(connection, "fd00::1") == written
        assert queries.deckies(connection) == [one for one, _ in states.states_on(connection, None)]
        assert queries.deckies(connection) == [written]
        assert states.states_on(connection, "far") == []
        assert (
            queries.deckies(connection, after="web") == queries.deckies(connection, after="web", direction="desc") == []
        )
        assert queries.deckies(connection, after="webb", direction="desc") == [written]


def test_of_two_writers_of_the_same_version_one_succeeds(housed: Engine) -> None:
    with writing(housed) as connection:
        read = queries.write_decky(connection, WEB, info("added"))
        assert read is not None
        assert queries.write_decky(connection, WEB, info()) is None  # it is no new one
        fewer = msgspec.structs.replace(read, services=(Service("ssh", 22),))
        assert queries.write_decky(connection, fewer, info()) is not None
        assert queries.write_decky(connection, msgspec.structs.replace(read, host_name="b"), info()) is None
        found = queries.decky_named(connection, "web")
        assert found is not None
        assert (found.version, found.services) == (2, (Service("ssh", 22),))


def test_changes_commit_in_the_order_of_their_numbers(housed: Engine, url: str) -> None:
    """Else who follows them would pass over one that got its number early and was committed late."""
    other = open_engine(url, busy_seconds=0.2)
    with writing(housed) as connection:
        queries.write_decky(connection, WEB, info("added"))
        second = msgspec.structs.replace(WEB, name="mail", addresses=(Address("127.77.0.2"),))
        with pytest.raises(OperationalError), writing(other) as waiting:
            queries.write_decky(waiting, second, info("added"))
    with writing(other) as connection:
        assert queries.write_decky(connection, second, info("added")) is not None
        assert [one.decky for one in change_log.changes_after(connection, 0)] == ["web", "mail"]
    other.dispose()


def test_each_change_records_who_what_why_before_and_after(housed: Engine) -> None:
    with writing(housed) as connection:
        read = queries.write_decky(connection, WEB, info("added"))
        assert read is not None
        queries.write_decky(connection, msgspec.structs.replace(read, host_name="b"), info("mutated", 9))
        newest, oldest = change_log.history(connection, "web")
        assert (newest.kind, newest.actor, newest.reason, newest.ts, newest.version) == (
            "mutated",
            "ana",
            "because",
            9,
            2,
        )
        assert newest.before is not None
        assert newest.after is not None
        assert (newest.before["host_name"], newest.after["host_name"]) == ("web.example", "b")
        assert oldest.before is None
        assert change_log.changes_after(connection, oldest.id) == [newest]
        assert change_log.history(connection, "web", after=newest.id) == [oldest]


@pytest.mark.parametrize("wrong", [{"persona": "nobody"}, {"sensor": "nowhere"}, {"runtime": "moon"}])
def test_a_decky_that_cannot_be_is_refused_whole(housed: Engine, wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), writing(housed) as connection:
        queries.write_decky(connection, msgspec.convert({**msgspec.to_builtins(WEB), **wrong}, Unchecked), info())
    with reading(housed) as connection:
        assert queries.deckies(connection) == []
        assert change_log.changes_after(connection, 0) == []


class Unchecked(Decky, frozen=True):
    """A decky with a runtime that no type checker would let pass."""

    runtime: str  # type: ignore[assignment]  # that is the point


@pytest.mark.parametrize("address", [HERE, THERE])
def test_two_deckies_never_have_one_address(housed: Engine, address: Address) -> None:
    with writing(housed) as connection:
        queries.write_decky(connection, WEB, info())
    with pytest.raises(IntegrityError), writing(housed) as connection:
        queries.write_decky(connection, msgspec.structs.replace(WEB, name="other", addresses=(address,)), info())


def test_deckies_exchange_their_addresses_in_one_transaction(housed: Engine) -> None:
    with writing(housed) as connection:
        web = queries.write_decky(connection, msgspec.structs.replace(WEB, addresses=(HERE,)), info())
        mail = queries.write_decky(connection, msgspec.structs.replace(WEB, name="mail", addresses=(THERE,)), info())
        assert web is not None
        assert mail is not None
    with writing(housed) as connection:
        queries.release_addresses(connection, ["web", "mail"])
        assert queries.write_decky(connection, msgspec.structs.replace(web, addresses=(THERE,)), info()) is not None
        assert queries.write_decky(connection, msgspec.structs.replace(mail, addresses=(HERE,)), info()) is not None
        assert [one.addresses for one in queries.deckies(connection)] == [(HERE,), (THERE,)]


def test_a_removed_decky_is_erased_when_it_is_gone_and_its_history_stays(housed: Engine) -> None:
    with writing(housed) as connection:
        queries.write_decky(connection, WEB, info("added"))
        states.record_state(connection, State("web", 1, "running", 2, 3))
        assert queries.remove_decky(connection, "web", info("removed"))
        assert not queries.remove_decky(connection, "nobody", info("removed"))
        assert queries.erase(connection, 10, info("gone")) == []
        states.record_state(connection, State("web", 2, "absent", 6, 6), info("stopped"))
        assert queries.erase(connection, 10, info("gone")) == ["web"]
        assert queries.deckies(connection) == []
        assert [one.kind for one in change_log.history(connection, "web")] == ["gone", "stopped", "removed", "added"]


def test_only_deckies_with_a_policy_whose_time_has_come_are_changed(housed: Engine) -> None:
    policy = Policy("web", 3600, 60, 120, (Service("ssh", 22),), ("debian",), consistent=False)
    with writing(housed) as connection:
        web = queries.write_decky(connection, WEB, info())
        assert web is not None
        other = msgspec.structs.replace(WEB, name="calm", addresses=(Address("127.77.0.2"),), mutate_at=50)
        queries.write_decky(connection, other, info())
        mutation_policies.set_policy(connection, policy, now_ns=1)
        mutation_policies.set_policy(connection, policy, now_ns=2)
        assert mutation_policies.schedule_mutation(connection, web, 50)
        assert mutation_policies.due_for_mutation(connection, 10, now_ns=49) == []
        dated = msgspec.structs.replace(web, mutate_at=50)
        assert mutation_policies.due_for_mutation(connection, 10, now_ns=50) == [(dated, policy)]
        assert mutation_policies.next_mutation_at(connection) == 50
        assert mutation_policies.policy_of(connection, "web") == policy
        assert mutation_policies.policy_of(connection, "calm") is None
        assert mutation_policies.drop_policy(connection, "web")
        assert mutation_policies.due_for_mutation(connection, 10, now_ns=50) == []
        assert mutation_policies.next_mutation_at(connection) is None


def test_what_runs_an_image_is_never_due_even_with_a_policy(housed: Engine) -> None:
    with writing(housed) as connection:
        assert queries.write_decky(connection, msgspec.structs.replace(WEB, image="pot"), info())
        mutation_policies.set_policy(connection, Policy("web", 3600), now_ns=1)
        assert mutation_policies.without_mutation_time(connection, 10, now_ns=0) == []
        pot = queries.decky_named(connection, "web")
        assert pot is not None
        assert mutation_policies.schedule_mutation(connection, pot, 50)
        assert mutation_policies.due_for_mutation(connection, 10, now_ns=50) == []
        assert mutation_policies.next_mutation_at(connection) is None


def test_a_time_is_to_be_drawn_for_a_new_policy_and_when_a_clock_was_ahead(housed: Engine) -> None:
    hour = 3600 * 1_000_000_000
    with writing(housed) as connection:
        web = queries.write_decky(connection, WEB, info())
        assert web is not None
        assert mutation_policies.without_mutation_time(connection, 10, now_ns=0) == []  # it has no policy
        mutation_policies.set_policy(connection, Policy("web", 3600), now_ns=1)
        assert mutation_policies.without_mutation_time(connection, 10, now_ns=0) == [(web, Policy("web", 3600))]
        assert not mutation_policies.schedule_mutation(connection, msgspec.structs.replace(web, version=7), hour)
        assert mutation_policies.schedule_mutation(connection, web, 25 * hour)
        assert mutation_policies.without_mutation_time(connection, 10, now_ns=0) == []
        assert mutation_policies.schedule_mutation(connection, web, 25 * hour + 1)
        assert [one.name for one, _ in mutation_policies.without_mutation_time(connection, 10, now_ns=0)] == ["web"]
        assert mutation_policies.schedule_mutation(connection, web, hour)
        mutation_policies.set_policy(connection, Policy("web", 7200), now_ns=1)  # another policy, another time
        assert [one.mutate_at for one, _ in mutation_policies.without_mutation_time(connection, 10, now_ns=0)] == [None]


def test_a_policy_that_cannot_be_read_is_one_deckys_trouble(housed: Engine) -> None:
    with writing(housed) as connection:
        queries.write_decky(connection, WEB, info())
        mutation_policies.set_policy(connection, Policy("web", 3600), now_ns=1)
        connection.execute(text("UPDATE decky_policy SET services = '[\"ssh\"]'"))
        found = mutation_policies.policy_of(connection, "web")
        assert isinstance(found, BadPolicy)
        assert "object" in found.reason
        assert (
            mutation_policies.policies(connection) == mutation_policies.policies(connection, ["web"]) == {"web": found}
        )


def test_a_mac_is_taken_once_a_decky_has_it(housed: Engine) -> None:
    with writing(housed) as connection:
        assert not queries.is_mac_taken(connection, "52:54:00:00:00:01")
        queries.write_decky(connection, msgspec.structs.replace(WEB, mac="52:54:00:00:00:01"), info())
        assert queries.is_mac_taken(connection, "52:54:00:00:00:01")


def test_what_should_be_stands_beside_what_is(housed: Engine) -> None:
    with writing(housed) as connection:
        queries.write_decky(connection, WEB, info())
        far = msgspec.structs.replace(WEB, name="far-web", addresses=(Address("10.0.0.1", 24),), sensor="far")
        queries.write_decky(connection, far, info())
        failed = State("web", 0, "failed", 4, 5, ("port 8080 is closed",), "in use\0", 3, 99)
        states.record_state(connection, failed)
        ((desired, actual),) = states.states_on(connection, None)
        assert desired.name == "web"
        assert actual == msgspec.structs.replace(failed, error="in use\u2400")
        assert [(one.name, state) for one, state in states.states_on(connection, "far")] == [("far-web", None)]
        assert states.count_by_phase(connection) == {"failed": 1}
