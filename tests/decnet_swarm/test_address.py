# SPDX-License-Identifier: MIT
"""HOST:PORT as operators write it."""

from __future__ import annotations

import pytest

from decnet_swarm.address import ENROLMENT, Address, address_in


def test_missing_port_is_the_one_of_what_is_asked_for() -> None:
    assert address_in("master") == Address("master", 6514)
    assert address_in("master", ENROLMENT) == Address("master", 6515)
    assert address_in("[2001:db8::7]", ENROLMENT) == Address("2001:db8::7", 6515)
    assert address_in("master:7", ENROLMENT) == Address("master", 7)


@pytest.mark.parametrize("text", ["", ":1", "2001:db8::7", "[::1", "[::1]7", "master:65536", "master:x", "master:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        address_in(text)
