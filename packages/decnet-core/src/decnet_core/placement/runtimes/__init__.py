# SPDX-License-Identifier: MIT
"""Where deckies run, behind one interface (`runtime`): `loopback`, `host` and `netns`."""
