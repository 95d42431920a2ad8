# SPDX-License-Identifier: MIT
"""No collection during imports, and the collector as before afterwards."""

from __future__ import annotations

import gc

import pytest

from decnet_core.uncollected import uncollected


def _failing() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ImportError


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_afterwards_as_before(collects: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(ImportError):
            _failing()
        assert gc.isenabled() is collects
    finally:
        (gc.enable if before else gc.disable)()
