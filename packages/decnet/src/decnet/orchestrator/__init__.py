# SPDX-License-Identifier: MIT
"""What `decnet orchestrator` shows."""
