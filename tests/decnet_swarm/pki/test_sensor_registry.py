# SPDX-License-Identifier: MIT
"""Who belongs to the fleet: every step as values."""

from __future__ import annotations

from decnet_swarm.pki import sensor_registry as registry
from decnet_swarm.pki.sensor_registry import Certificate, PendingToken, Registry, RegistryRefusal, Sensor
from decnet_swarm.pki.token import hashed

NOW = 1_800_000_000
ID, SECRET = b"12345678", b"sixteen bytes..."
OLD, NEW = Certificate("aa", NOW + 100), Certificate("bb", NOW + 1000)


def waiting(name: str = "berlin", *, replaces: bool = False, key: bytes = ID) -> PendingToken:
    return PendingToken(key.hex(), hashed(SECRET), name, NOW, NOW + 60, replaces=replaces)


def taken(outcome: Registry | RegistryRefusal) -> Registry:
    assert isinstance(outcome, Registry), outcome
    return outcome


def refused(outcome: object) -> str:
    assert isinstance(outcome, RegistryRefusal), outcome
    return outcome.reason


def member(name: str = "berlin", *certificates: Certificate) -> Registry:
    return taken(registry.add_sensor(Registry(), Sensor(name, certificates or (OLD,), NOW)))


def test_token_opens_with_its_secret_until_it_expires() -> None:
    known = taken(registry.add_token(Registry(), waiting()))
    assert registry.find_token(known, ID, SECRET, NOW + 59) == waiting()
    assert refused(registry.find_token(known, ID, SECRET, NOW + 60)) == "expired"


def test_unknown_used_and_wrong_tokens_look_the_same() -> None:
    known = taken(registry.add_token(Registry(), waiting()))
    spent = taken(registry.add_sensor(known, Sensor("berlin", (OLD,), NOW)))
    answers = {
        registry.find_token(known, b"87654321", SECRET, NOW),
        registry.find_token(known, ID, b"another secret..", NOW),
        registry.find_token(known, ID, b"", NOW),
        registry.find_token(known, ID, b"another secret..", NOW + 99),
        registry.find_token(spent, ID, SECRET, NOW),
        registry.find_token(Registry(), ID, b"", NOW),
    }
    assert len(answers) == 1
    assert refused(answers.pop()) == "token"


def test_entering_a_sensor_spends_every_token_of_its_name_and_no_other() -> None:
    known = taken(
        registry.add_token(taken(registry.add_token(Registry(), waiting())), waiting("paris", key=b"abcdefgh"))
    )
    known = taken(registry.add_sensor(known, Sensor("berlin", (OLD,), NOW)))
    assert [each.name for each in known.tokens] == ["paris"]


def test_a_second_token_for_a_name_replaces_the_first() -> None:
    known = taken(registry.add_token(taken(registry.add_token(Registry(), waiting())), waiting(key=b"abcdefgh")))
    assert refused(registry.find_token(known, ID, SECRET, NOW)) == "token"
    assert isinstance(registry.find_token(known, b"abcdefgh", SECRET, NOW), PendingToken)


def test_name_of_a_member_is_given_again_only_on_purpose() -> None:
    assert refused(registry.add_token(member(), waiting())) == "name"
    assert refused(registry.add_sensor(member(), Sensor("berlin", (NEW,), NOW))) == "name"
    assert isinstance(registry.add_token(member(), waiting(replaces=True)), Registry)
    known = taken(registry.add_sensor(member(), Sensor("berlin", (NEW,), NOW), replaces=True))
    assert known.sensors == (Sensor("berlin", (NEW,), NOW),)


def test_name_of_a_revoked_sensor_is_free() -> None:
    gone = taken(registry.revoke_sensor(member(), "berlin", NOW))
    assert isinstance(registry.add_token(gone, waiting()), Registry)
    assert taken(registry.add_sensor(gone, Sensor("berlin", (NEW,), NOW))).sensors[0].revoked_at is None


def test_renewal_keeps_the_certificate_it_was_asked_with_beside_the_new_one() -> None:
    known = taken(registry.renew_certificate(member(), "berlin", "aa", NEW, NOW))
    assert known.sensors[0].certificates == (OLD, NEW)
    third = Certificate("cc", NOW + 2000)
    assert taken(registry.renew_certificate(known, "berlin", "bb", third, NOW)).sensors[0].certificates == (
        NEW,
        third,
    )
    assert taken(registry.renew_certificate(known, "berlin", "aa", third, NOW)).sensors[0].certificates == (
        OLD,
        third,
    )


def test_renewal_is_refused_to_who_is_no_member() -> None:
    gone = taken(registry.revoke_sensor(member(), "berlin", NOW))
    assert refused(registry.renew_certificate(member(), "berlin", "cc", NEW, NOW)) == "unknown"
    assert refused(registry.renew_certificate(member(), "berlin", "aa", NEW, NOW + 100)) == "unknown"
    assert refused(registry.renew_certificate(member(), "paris", "aa", NEW, NOW)) == "unknown"
    assert refused(registry.renew_certificate(gone, "berlin", "aa", NEW, NOW)) == "unknown"


def test_revoking_ends_the_tokens_of_that_name_too() -> None:
    known = taken(registry.revoke_sensor(taken(registry.add_token(member(), waiting(replaces=True))), "berlin", NOW))
    assert known.tokens == ()
    assert known.sensors[0].revoked_at == NOW
    assert taken(registry.revoke_sensor(known, "berlin", NOW + 5)).sensors[0].revoked_at == NOW
    assert refused(registry.revoke_sensor(known, "paris", NOW)) == "unknown"


def test_token_that_waits_can_be_revoked_before_there_is_a_sensor() -> None:
    known = taken(registry.add_token(member(), waiting("paris")))
    assert taken(registry.revoke_sensor(known, "paris", NOW)) == member()


def test_only_a_revoked_sensor_is_forgotten() -> None:
    assert refused(registry.remove_sensor(member(), "berlin")) == "unknown"
    gone = taken(registry.revoke_sensor(member(), "berlin", NOW))
    assert taken(registry.remove_sensor(gone, "berlin")) == Registry()


def test_list_of_tokens_is_bounded_and_expired_ones_make_room() -> None:
    known = Registry()
    for number in range(registry.MOST_TOKENS):
        one = PendingToken(f"{number:016x}", hashed(SECRET), f"sensor-{number}", NOW, NOW + 60)
        known = Registry(tokens=(*known.tokens, one))
    assert refused(registry.add_token(known, waiting())) == "name"
    later = PendingToken(ID.hex(), hashed(SECRET), "berlin", NOW + 60, NOW + 120)
    assert taken(registry.add_token(known, later)).tokens == (later,)
