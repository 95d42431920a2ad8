# SPDX-License-Identifier: MIT
"""Features that many attackers have by default, so that they join nobody: shared by both clusterers."""
