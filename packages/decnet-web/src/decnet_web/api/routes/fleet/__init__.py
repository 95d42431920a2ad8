# SPDX-License-Identifier: MIT
"""What the fleet consists of: workers, deckies, canaries, sensors, rules, settings."""
