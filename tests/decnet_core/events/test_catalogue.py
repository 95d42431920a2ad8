# SPDX-License-Identifier: MIT
"""What events say of themselves."""

import pytest

from decnet_core.events.catalogue import SessionClosed


@pytest.mark.parametrize(("number", "words"), [(0, "0 commands"), (1, "1 command"), (2, "2 commands")])
def test_a_summary_counts_commands(number: int, words: str) -> None:
    assert SessionClosed("ssh", 1500, number).summary() == f"ssh session closed after 1.5 s, {words}"
