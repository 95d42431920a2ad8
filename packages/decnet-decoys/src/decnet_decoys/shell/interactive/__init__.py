# SPDX-License-Identifier: MIT
"""What a shell does only for a person at a terminal: shells within it, prompts, history expansion, the Tab key."""
