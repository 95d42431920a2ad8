# SPDX-License-Identifier: MIT
"""Who belongs to the fleet: every step as values."""

from __future__ import annotations

from decnet_swarm.pki import registry
from decnet_swarm.pki.registry import Certificate, Registry, RegistryRefusal, Sensor, Waiting
from decnet_swarm.pki.token import hashed

NOW = 1_800_000_000
ID, SECRET = b"12345678", b"sixteen bytes..."
OLD, NEW = Certificate("aa", NOW + 100), Certificate("bb", NOW + 1000)


def waiting(name: str = "berlin", *, replaces: bool = False, key: bytes = ID) -> Waiting:
    return Waiting(key.hex(), hashed(SECRET), name, NOW, NOW + 60, replaces=replaces)


def taken(outcome: Registry | RegistryRefusal) -> Registry:
    assert isinstance(outcome, Registry), outcome
    return outcome


def refused(outcome: object) -> str:
    assert isinstance(outcome, RegistryRefusal), outcome
    return outcome.reason


def member(name: str = "berlin", *certificates: Certificate) -> Registry:
    return taken(registry.entered(Registry(), Sensor(name, certificates or (OLD,), NOW)))


def test_token_opens_with_its_secret_until_it_expires() -> None:
    known = taken(registry.offered(Registry(), waiting()))
    assert registry.claimed(known, ID, SECRET, NOW + 59) == waiting()
    assert refused(registry.claimed(known, ID, SECRET, NOW + 60)) == "expired"


def test_unknown_used_and_wrong_tokens_look_the_same() -> None:
    known = taken(registry.offered(Registry(), waiting()))
    spent = taken(registry.entered(known, Sensor("berlin", (OLD,), NOW)))
    answers = {
        registry.claimed(known, b"87654321", SECRET, NOW),
        registry.claimed(known, ID, b"another secret..", NOW),
        registry.claimed(known, ID, b"", NOW),
        registry.claimed(known, ID, b"another secret..", NOW + 99),
        registry.claimed(spent, ID, SECRET, NOW),
        registry.claimed(Registry(), ID, b"", NOW),
    }
    assert len(answers) == 1
    assert refused(answers.pop()) == "token"


def test_entering_a_sensor_spends_every_token_of_its_name_and_no_other() -> None:
    known = taken(registry.offered(taken(registry.offered(Registry(), waiting())), waiting("paris", key=b"abcdefgh")))
    known = taken(registry.entered(known, Sensor("berlin", (OLD,), NOW)))
    assert [each.name for each in known.tokens] == ["paris"]


def test_a_second_token_for_a_name_replaces_the_first() -> None:
    known = taken(registry.offered(taken(registry.offered(Registry(), waiting())), waiting(key=b"abcdefgh")))
    assert refused(registry.claimed(known, ID, SECRET, NOW)) == "token"
    assert isinstance(registry.claimed(known, b"abcdefgh", SECRET, NOW), Waiting)


def test_name_of_a_member_is_given_again_only_on_purpose() -> None:
    assert refused(registry.offered(member(), waiting())) == "name"
    assert refused(registry.entered(member(), Sensor("berlin", (NEW,), NOW))) == "name"
    assert isinstance(registry.offered(member(), waiting(replaces=True)), Registry)
    known = taken(registry.entered(member(), Sensor("berlin", (NEW,), NOW), replaces=True))
    assert known.sensors == (Sensor("berlin", (NEW,), NOW),)


def test_name_of_a_revoked_sensor_is_free() -> None:
    gone = taken(registry.revoked(member(), "berlin", NOW))
    assert isinstance(registry.offered(gone, waiting()), Registry)
    assert taken(registry.entered(gone, Sensor("berlin", (NEW,), NOW))).sensors[0].revoked_at is None


def test_renewal_keeps_the_certificate_it_was_asked_with_beside_the_new_one() -> None:
    known = taken(registry.renewed(member(), "berlin", "aa", NEW, NOW))
    assert known.sensors[0].certificates == (OLD, NEW)
    third = Certificate("cc", NOW + 2000)
    assert taken(registry.renewed(known, "berlin", "bb", third, NOW)).sensors[0].certificates == (NEW, third)
    assert taken(registry.renewed(known, "berlin", "aa", third, NOW)).sensors[0].certificates == (OLD, third)


def test_renewal_is_refused_to_who_is_no_member() -> None:
    gone = taken(registry.revoked(member(), "berlin", NOW))
    assert refused(registry.renewed(member(), "berlin", "cc", NEW, NOW)) == "unknown"
    assert refused(registry.renewed(member(), "berlin", "aa", NEW, NOW + 100)) == "unknown"
    assert refused(registry.renewed(member(), "paris", "aa", NEW, NOW)) == "unknown"
    assert refused(registry.renewed(gone, "berlin", "aa", NEW, NOW)) == "unknown"


def test_revoking_ends_the_tokens_of_that_name_too() -> None:
    known = taken(registry.revoked(taken(registry.offered(member(), waiting(replaces=True))), "berlin", NOW))
    assert known.tokens == ()
    assert known.sensors[0].revoked_at == NOW
    assert taken(registry.revoked(known, "berlin", NOW + 5)).sensors[0].revoked_at == NOW
    assert refused(registry.revoked(known, "paris", NOW)) == "unknown"


def test_token_that_waits_can_be_revoked_before_there_is_a_sensor() -> None:
    known = taken(registry.offered(member(), waiting("paris")))
    assert taken(registry.revoked(known, "paris", NOW)) == member()


def test_only_a_revoked_sensor_is_forgotten() -> None:
    assert refused(registry.forgotten(member(), "berlin")) == "unknown"
    gone = taken(registry.revoked(member(), "berlin", NOW))
    assert taken(registry.forgotten(gone, "berlin")) == Registry()


def test_list_of_tokens_is_bounded_and_expired_ones_make_room() -> None:
    known = Registry()
    for number in range(registry.MOST_TOKENS):
        one = Waiting(f"{number:016x}", hashed(SECRET), f"sensor-{number}", NOW, NOW + 60)
        known = Registry(tokens=(*known.tokens, one))
    assert refused(registry.offered(known, waiting())) == "name"
    later = Waiting(ID.hex(), hashed(SECRET), "berlin", NOW + 60, NOW + 120)
    assert taken(registry.offered(known, later)).tokens == (later,)
