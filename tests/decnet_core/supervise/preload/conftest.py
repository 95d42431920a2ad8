# SPDX-License-Identifier: MIT
"""What of these tests an interpreter cannot have."""

from __future__ import annotations

from decnet_core.supervise.preload import refcounts

collect_ignore = [] if refcounts.supported() else ["test_immortal_objects.py"]
