# SPDX-License-Identifier: MIT
"""What holds for all tests: a busy machine is no reason to fail one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("decnet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("decnet")
