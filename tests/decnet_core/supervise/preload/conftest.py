# SPDX-License-Identifier: MIT
"""What of these tests an interpreter cannot have."""

from __future__ import annotations

from decnet_core.supervise.preload import refcounts as immortal

collect_ignore = [] if immortal.supported() else ["test_immortal_counts.py"]
