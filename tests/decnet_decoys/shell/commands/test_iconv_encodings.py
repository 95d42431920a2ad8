# SPDX-License-Identifier: MIT
"""iconv asks Python only for encodings that it has: the name of another would be kept as long as the process lives."""

import encodings

from tests.decnet_decoys.decky_host import Player, root_shell

from decnet_decoys.shell.machine.machine import Machine


def test_encoding_that_iconv_has_not_is_not_looked_up(machine: Machine) -> None:
    run = Player(root_shell(machine))
    played = run("echo a | iconv -f nosuch_78; echo a | iconv -f ISO-8859-15 -t UTF8")
    assert played.text == "a\n"
    assert "nosuch_78" not in encodings._cache
