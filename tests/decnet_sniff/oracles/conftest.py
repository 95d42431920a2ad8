# SPDX-License-Identifier: MIT
"""What servers of the oracles need."""

from __future__ import annotations

import pytest
from tests.decnet_sniff.oracles import oracle_certificates


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> oracle_certificates.Certificate:
    return oracle_certificates.make(tmp_path_factory.mktemp("certificate"))
