# SPDX-License-Identifier: MIT
"""Plays a shell to a client over any byte channel: line editing, time limits, interactive and single-command sessions.

Knows no service. A service feeds `terminal.Terminal` what its client sends, gives it a channel to write to, and runs a
`session.ShellSession` on it.
"""
