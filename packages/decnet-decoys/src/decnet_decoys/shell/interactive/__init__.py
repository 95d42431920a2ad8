# SPDX-License-Identifier: MIT
"""What a shell does only for a person at a terminal: history expansion, and what the Tab key adds."""
