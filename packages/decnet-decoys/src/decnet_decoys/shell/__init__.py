# SPDX-License-Identifier: MIT
"""The machine an intruder believes in: a shell language, a file system and commands, all in memory.

Pure: nothing here opens a file, a socket or a process, reads a clock or waits. `interpreter.Shell.run` is a generator
that yields what should happen next (`steps`); whoever drives it prints, waits and asks.
"""
