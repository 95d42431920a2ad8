# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest

from decnet_core import settings
from decnet_core.settings import Settings, SettingsError, refuse_unknown_sections


class Door(msgspec.Struct, frozen=True):
    width_cm: Annotated[int, msgspec.Meta(ge=1, le=300)] = 80
    names: tuple[str, ...] = ()
    locked: bool = False
    opens: Annotated[str, msgspec.Meta(min_length=1, max_length=4)] = "in"
    closes: Annotated[str, msgspec.Meta(pattern="^[0-9]{2}$")] = "22"
    sides: tuple[Literal["left", "right"], ...] = ()


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    file = tmp_path / "decnet.toml"
    file.write_text(text)
    return Settings.load(file, environ or {})


def test_a_section_becomes_its_struct(tmp_path: Path) -> None:
    found = load(tmp_path, '[door]\nwidth_cm = 90\nnames = ["a"]\n')
    assert found.section("door", Door) == Door(width_cm=90, names=("a",))


def test_a_missing_section_has_its_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "").section("door", Door) == Door()


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {"DECNET_DOOR_WIDTH_CM": "120", "DECNET_DOOR_LOCKED": "true", "DECNET_DOOR_NAMES": '["x", "y"]'}
    found = load(tmp_path, "[door]\nwidth_cm = 90\n", environ)
    assert found.section("door", Door) == Door(width_cm=120, names=("x", "y"), locked=True)


def test_a_command_reads_the_environment_file_of_the_units_where_it_reads_their_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.toml"
    other.write_text("")
    (tmp_path / "decnet.toml").write_text("[door]\nwidth_cm = 90\n")
    (tmp_path / "decnet.env").write_text("# ours\nDECNET_DOOR_WIDTH_CM='120'\nDECNET_DOOR_LOCKED=true\n")
    monkeypatch.setattr(settings, "DEFAULT_FILE", tmp_path / "decnet.toml")
    monkeypatch.delenv("DECNET_SETTINGS", raising=False)
    assert Settings.load().section("door", Door) == Door(width_cm=120, locked=True)
    monkeypatch.setenv("DECNET_DOOR_WIDTH_CM", "130")
    assert Settings.load().section("door", Door) == Door(width_cm=130, locked=True)
    assert Settings.load(other).section("door", Door) == Door(width_cm=130)
    monkeypatch.setenv("DECNET_SETTINGS", str(other))
    assert Settings.load().section("door", Door) == Door(width_cm=130)


def test_an_unknown_key_is_an_error_that_suggests_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"decnet\.toml:2: \[door\] has no setting 'widht_cm'; did you mean 'width_cm'"
    ):
        load(tmp_path, "[door]\nwidht_cm = 1\n").section("door", Door)


def test_an_unknown_key_in_the_environment_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    environ = {"DECNET_DOOR_WIDHT_CM": "1", "DECNET_WINDOW_PANES": "2"}
    found = load(tmp_path, "", environ)
    with pytest.raises(
        SettingsError, match=r"DECNET_DOOR_WIDHT_CM: \[door\] has no setting .* did you mean 'width_cm'"
    ):
        found.section("door", Door)


class Gate(msgspec.Struct, frozen=True):
    RENAMED: ClassVar[dict[str, str]] = {"breadth_cm": "width_cm"}

    width_cm: int = 90


@pytest.mark.parametrize(("text", "environ"), [("[gate]\nbreadth_cm = 1\n", {}), ("", {"DECNET_GATE_BREADTH_CM": "1"})])
def test_a_renamed_setting_is_refused_with_its_new_name(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"\[gate\] breadth_cm is now called width_cm; rename it"):
        load(tmp_path, text, environ).section("gate", Gate)


def test_an_unknown_section_is_an_error_that_suggests_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no section \[dor\]; did you mean 'door'"):
        refuse_unknown_sections(load(tmp_path, "[dor]\n"), ["door", "window"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[door]\nwidth_cm = "wide"\n', "width_cm: must be a whole number, not text in quotes"),
        ("[door]\nwidth_cm = 400\n", "width_cm: must be at most 300"),
        ("door = 1\n", "must be a table"),
        ("[door]\nopens = ''\n", "opens: must not be empty"),
        ("[door]\nopens = 'slowly'\n", "opens: must be at most 4 long"),
        ("[door]\ncloses = 'x'\n", re.escape("closes: must match the pattern '^[0-9]{2}$'")),
        ("[door]\nsides = ['left', 'up']\n", re.escape("sides[1]: must be one of left, right, not 'up'")),
        ('[door]\nnames = ["a", "b\\u0000"]\n', "toml:2: \\[door\\] names: must not contain a NUL character"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, text).section("door", Door)


class Window(msgspec.Struct, frozen=True):
    panes: int = 1


class House(msgspec.Struct, frozen=True):
    floors: int = 1
    window: tuple[Window, ...] = ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[house]\n# floors = 2\n\nfloors = 'two'\n", "decnet.toml:4: [house] floors: "),
        ("floors = 1\n[yard]\nfloors = 2\n[ house ]\n'floors' = 'two'\n", "decnet.toml:5: [house] floors: "),
        ("[[house.window]]\npanes=2\n[[house.window]]\npanes='x'\n", "decnet.toml:3: [house] window[1].panes: "),
        ("house = {floors = 'two'}\n", "decnet.toml: [house] floors: "),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text).section("house", House)
    assert str(refused.value).startswith(str(tmp_path / where))


def test_a_wrong_value_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^DECNET_DOOR_WIDTH_CM: \[door\] width_cm: "):
        load(tmp_path, "[door]\nwidth_cm = 90\n", {"DECNET_DOOR_WIDTH_CM": "wide"}).section("door", Door)


def test_what_is_wrong_can_be_left_out(tmp_path: Path) -> None:
    given = load(tmp_path, "[door]\nwidth_cm = 90\n", {"DECNET_DOOR_WIDTH_CM": "wide"})
    with pytest.raises(SettingsError) as wrong:
        given.section("door", Door)
    assert wrong.value.key == "width_cm"
    assert given.without("door", "width_cm").section("door", Door) == Door()


def test_an_unknown_section_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"decnet\.toml:2: there is no section \[dor\]"):
        refuse_unknown_sections(load(tmp_path, "\n[dor]\n"), ["door"])


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"decnet\.toml: .*line 1"):
        load(tmp_path, "[door\n")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "decnet.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="utf-8"):
        Settings.load(file, {})


def test_a_file_of_an_editor_that_marks_utf8_is_read(tmp_path: Path) -> None:
    marked = load(tmp_path, "\ufeff[door]\r\nwidth_cm = 90\r\n")
    assert marked.section("door", Door) == Door(width_cm=90)
    assert marked.origin("door", "width_cm").endswith(":2")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        Settings.load(tmp_path / "absent.toml", {})


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[door]\nlocked = true\n")
    assert Settings.load(None, {"DECNET_SETTINGS": str(file)}).section("door", Door).locked


@pytest.mark.parametrize(
    ("document", "environ", "is_set"),
    [
        ({}, {}, False),
        ({"sniff": {"interfaces": []}}, {}, False),
        ({"sniff": {"interfaces": ["eth0"]}}, {}, True),
        ({}, {"DECNET_SNIFF_INTERFACES": '["eth0"]'}, True),
        ({"sniff": {"interfaces": ["eth0"]}}, {"DECNET_SNIFF_INTERFACES": "[]"}, False),
        ({"sniff": {"interfaces": True}}, {"DECNET_SNIFF_INTERFACES": "false"}, False),
        ({"sniff": "not a table"}, {}, False),
    ],
)
def test_a_setting_is_set_when_it_has_a_value(document: dict[str, Any], environ: dict[str, str], is_set: bool) -> None:
    assert Settings(document, environ, "test").is_set("sniff", "interfaces") is is_set
