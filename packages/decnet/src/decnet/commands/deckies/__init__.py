# SPDX-License-Identifier: MIT
"""Commands about the deckies: which there are, what they play, how they change and who seems to use them."""
