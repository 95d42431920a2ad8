# SPDX-License-Identifier: MIT
"""Personas that are wrong are refused with the file and the key; own ones stand beside the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from decnet_decoys.personas.catalog import PersonaError, UnknownPersonaError, converted, files, found, names, parsed

MINIMAL = 'os = "Gadget OS"\nhostname = "gadget"\n'
USER = '[[users]]\nname = "root"\nuid = 0\ngid = 0\nhome = "/root"\nshell = "/bin/ash"\npasswords = ["x"]\n'

HARDWARE = '[hardware]\ncpu = "x"\ncores = 1\nmhz = 1.0\nmemory_kib = 1\nused_kib = 0\ninterface = "eth0"\ndisks = []\n'
HTTP = '[services.http]\nflavour = "nginx"\nmodified = 1\npages = {{ "/" = {{}} }}\nserver = "{server}"\n'


def own(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.toml").write_text(text)
    return folder


def test_a_persona_needs_no_more_than_its_system_and_host_name() -> None:
    assert parsed("gadget", MINIMAL).family is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("os = 1", "os: Expected `str`, got `int`"),
        (MINIMAL + "colour = 1", "unknown field `colour`"),
        (MINIMAL + "[stack]\nttl = 300", "stack.ttl: Expected `int` <= 255"),
        (MINIMAL + 'mac_prefixes = ["52-54-00"]', "mac_prefixes[0]: Expected `str` matching regex"),
        (MINIMAL + "[ports]\nhttp = 81", "ports.http: the persona has no table [services.http]"),
        (MINIMAL + '[services.http]\nflavour = "nginx"', "services.http: Object missing required field"),
        (MINIMAL + "[services.moon]\na = 1", "there is no service 'moon'"),
        (MINIMAL + USER, "users[0].passwords: without `family` there is no shell"),
        (MINIMAL + 'family = "busybox"\n', "kernel: a persona with `family` needs it"),
        ("os = [", "at end of document"),
        ('os = "x"\nhostname = "a\\nb"', "hostname: this must be one line without control characters"),
        (MINIMAL + HTTP.format(server="x\\r\\nSet-Cookie: a"), "services.http.server: this must be one line"),
        (
            MINIMAL + HTTP.format(server="x").replace("{}", '{ headers = { "A\\nB" = "x" } }'),
            "headers: a key: this must",
        ),
        (MINIMAL + HARDWARE + 'mac = "52:54:00"', "hardware.mac: Expected `str` matching regex"),
        (MINIMAL + "services = 3", "services: Expected `object`, got `int`"),
    ],
)
def test_an_error_names_the_persona_the_file_and_the_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PersonaError) as error:
        found("gadget", own(tmp_path, "gadget", text)).persona()
    assert str(error.value).startswith(f"persona gadget ({tmp_path}/gadget.toml): ")
    assert told in str(error.value)


def test_own_personas_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    known = files(own(tmp_path, "gadget", MINIMAL))
    assert set(known) == {*names(), "gadget"}
    assert not known["gadget"].shipped
    with pytest.raises(UnknownPersonaError, match=r"known are: .*gadget"):
        found("nothing", tmp_path)


def test_an_own_persona_never_replaces_a_shipped_one(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match=r"nas.toml: there is a shipped persona nas; rename the file"):
        files(own(tmp_path, "nas", MINIMAL))


def test_a_file_that_is_named_like_no_persona_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match="lower-case letters, digits and hyphens"):
        files(own(tmp_path, "My Gadget", MINIMAL))


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match=r"personas_dir: .*/none cannot be read"):
        files(tmp_path / "none")


@pytest.mark.parametrize("name", names())
def test_a_persona_survives_the_way_through_the_database(name: str) -> None:
    import msgspec

    file = found(name)
    stored = msgspec.json.decode(msgspec.json.encode(file.document()))
    assert converted(name, stored) == file.persona()
