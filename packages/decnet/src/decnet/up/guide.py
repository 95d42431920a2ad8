# SPDX-License-Identifier: MIT
"""Hints for the operator: the deckies and how to reach them, the canary tokens, the commands."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import msgspec

from decnet_core.settings import Settings
from decnet_core.state import State, StateSettings, default_directory
from decnet_decoys.decky import Decky
from decnet_decoys.fleet import deckies, suggestions
from decnet_decoys.settings import DecoysSettings


class Guide(msgspec.Struct, frozen=True):
    """The fleet as an attacker would see it."""

    deckies: tuple[Decky, ...]
    canaries: tuple[str, ...]
    """URLs and host names of tokens."""
    dashboard: str = ""
    """Where to open it, with a link that logs in once while nobody has a password; empty: it is off."""
    command: str = "decnet"
    """How to call this command for this fleet."""

    def hints(self) -> list[str]:
        commands = suggestions(self.deckies)
        commands += [f"curl {canary}" for canary in self.canaries if canary.startswith("http")][:1]
        return [*commands, f"{self.command} drill"]


def this_command() -> str:
    """Return how to call this command from another terminal in the same directory."""
    if shutil.which("decnet"):
        return "decnet"
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "decnet" else "decnet"


def guide_to(settings: Settings, canaries: tuple[str, ...], dashboard: str = "") -> Guide:
    """Return the guide to the fleet of these settings; raises SettingsError, FleetError."""
    place = State.of(settings.section("state", StateSettings)).root
    words = [this_command()]
    if place != default_directory():
        words += ["--state", shlex.quote(str(place))]
    if file := os.environ.get("DECNET_SETTINGS"):
        words += ["--settings", shlex.quote(file)]
    return Guide(deckies(settings.section("decoys", DecoysSettings)), canaries, dashboard, " ".join(words))
