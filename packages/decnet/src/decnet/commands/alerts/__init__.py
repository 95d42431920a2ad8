# SPDX-License-Identifier: MIT
"""Commands about incidents: what belongs together for whoever has to act on it."""
