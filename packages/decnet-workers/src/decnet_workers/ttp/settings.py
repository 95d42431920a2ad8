# SPDX-License-Identifier: MIT
"""Section `[ttp]`."""

import msgspec


class TtpSettings(msgspec.Struct, frozen=True):
    """Where rules come from besides the shipped ones."""

    rules_dir: str = ""
    """A folder of the operator's own Sigma rules (*.yml); empty: none. Changes in it are seen without a restart."""
    shipped_rules: bool = True
    """Whether the rules that come with the product are used."""
