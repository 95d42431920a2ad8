# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from decnet_workers.canary.settings import CanarySettingsError, listen_address


@pytest.mark.parametrize("text", ["", "8880", "localhost:80", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:²"])
def test_wrong_listen_addresses_say_what_to_write(text: str) -> None:
    with pytest.raises(CanarySettingsError, match=r"127\.77\.0\.1:8880"):
        listen_address(text)


def test_listen_addresses_of_both_families() -> None:
    assert listen_address("127.77.0.1:8880") == ("127.77.0.1", 8880)
    assert listen_address("[::1]:53") == ("::1", 53)
