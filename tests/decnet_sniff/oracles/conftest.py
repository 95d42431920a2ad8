# SPDX-License-Identifier: MIT
"""What servers of the oracles need."""

from __future__ import annotations

import oracle_certificates
import pytest


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> oracle_certificates.Certificate:
    return oracle_certificates.make(tmp_path_factory.mktemp("certificate"))
