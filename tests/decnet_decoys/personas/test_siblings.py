# SPDX-License-Identifier: MIT
"""Deckies of one persona differ in all that two machines of one kind differ in, and stay the same after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import pytest

from decnet_decoys.http.flavour import etag
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.personas.catalog import names, persona
from decnet_decoys.personas.schema import Persona
from decnet_decoys.personas.siblings import Identity, boot_offset_seconds, drawn_mac, drawn_serial, sibling

COUNT = 20
SEEDS = [7919 * (number + 1) for number in range(COUNT)]
WITH_SHELL = [name for name in names() if persona(name).family]


def siblings(name: str) -> list[Persona]:
    return [
        sibling(persona(name), Identity(f"host-{number}", f"10.9.0.{number + 1}", seed))
        for number, seed in enumerate(SEEDS)
    ]


def assert_all_differ(values: Iterable[object]) -> None:
    given = list(values)
    assert len(set(given)) == len(given) == COUNT


@pytest.mark.parametrize("name", names())
def test_twenty_deckies_have_twenty_macs_and_serial_numbers_of_the_personas_form(name: str) -> None:
    who = persona(name)
    assert_all_differ(drawn_mac(who, seed) for seed in SEEDS)
    assert_all_differ(drawn_serial(who, seed) for seed in SEEDS)
    assert_all_differ(each.hardware.mac for each in siblings(name))
    assert all(each.hardware.mac[:8] in who.mac_prefixes for each in siblings(name))
    form = "".join({"#": "[0-9]", "@": "[A-Z]"}.get(each, re.escape(each)) for each in who.serial)
    assert all(re.fullmatch(form, drawn_serial(who, seed)) for seed in SEEDS)


@pytest.mark.parametrize("name", WITH_SHELL)
def test_twenty_deckies_have_other_sizes_process_ids_counters_and_passwords(name: str) -> None:
    made = siblings(name)
    assert_all_differ(each.hardware.used_kib for each in made)
    assert_all_differ(tuple(disk.used for disk in each.hardware.disks) for each in made)
    assert_all_differ(each.hardware.traffic for each in made)
    assert_all_differ(tuple(process.pid for process in each.processes) for each in made)
    assert_all_differ(tuple(process.rss for process in each.processes) for each in made)
    assert_all_differ((each.uptime_days, boot_offset_seconds(seed)) for each, seed in zip(made, SEEDS, strict=True))
    assert_all_differ(tuple(user.passwords for user in each.users) for each in made)


@pytest.mark.parametrize("name", WITH_SHELL)
def test_a_sibling_still_tells_one_story(name: str) -> None:
    for who in siblings(name):
        processes = [process.pid for process in who.processes]
        assert processes == sorted(set(processes))
        assert {listener.pid for listener in who.listeners if listener.pid} <= set(processes)
        assert all(disk.used < disk.size for disk in who.hardware.disks)
        assert 0 < who.hardware.used_kib < who.hardware.memory_kib
        for mine, written in zip(who.users, persona(name).users, strict=True):
            assert bool(mine.passwords) == bool(written.passwords)


@pytest.mark.parametrize("name", names())
def test_twenty_web_servers_have_files_of_twenty_ages_and_as_many_etags(name: str) -> None:
    profiles = [profile for each in siblings(name) if (profile := each.profile(HttpProfile))]
    assert_all_differ(profile.modified for profile in profiles)
    if etag(profiles[0], 1234):  # some servers send none
        assert_all_differ(etag(profile, 1234) for profile in profiles)


@pytest.mark.parametrize("name", names())
def test_no_blank_is_left_in_what_a_visitor_sees(name: str) -> None:
    blank = re.compile(r"\{(?:hostname|address|mac|serial|secret)\}")
    for who in siblings(name)[:2]:
        profile = who.profile(HttpProfile)
        pages = [*profile.pages.values(), *(form.refused for form in profile.forms)] if profile else []
        assert [page.body for page in pages if blank.search(page.body)] == []
        assert [path for path, text in who.files.items() if blank.search(text)] == []


def test_the_same_seed_makes_the_same_machine() -> None:
    assert siblings("debian-web") == siblings("debian-web")


def test_a_machine_has_one_secret_in_all_its_files_and_a_sibling_has_another() -> None:
    secrets = []
    for who in siblings("debian-web"):
        config, dump = who.files["/var/www/html/wp-config.php"], who.files["/root/.my.cnf"]
        secrets.append(dump.partition("password=")[2].strip())
        assert f"'{secrets[-1]}'" in config
    assert_all_differ(secrets)


def test_a_decky_without_a_seed_is_the_machine_that_the_persona_describes() -> None:
    who = sibling(persona("nas"), Identity("nas-01", "10.9.0.1"))
    assert (who.hardware, who.users, who.processes) == (
        persona("nas").hardware,
        tuple(msgspec.structs.replace(user, passwords=user.passwords[:1]) for user in persona("nas").users),
        persona("nas").processes,
    )
