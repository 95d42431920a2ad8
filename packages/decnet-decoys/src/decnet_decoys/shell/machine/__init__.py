# SPDX-License-Identifier: MIT
"""The machine that a decky claims to be: its distribution's files, /proc, accounts, and what each attacker changed.

The tree is built once per decky and shared; `overlays` keeps each attacker's changes on top of it. All in memory.
"""
