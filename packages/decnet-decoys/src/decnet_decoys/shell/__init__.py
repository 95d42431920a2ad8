# SPDX-License-Identifier: MIT
"""The machine an intruder believes in: a shell language, a file system and commands, all in memory.

Pure: nothing here opens a file, a socket or a process, or waits. `interpreter.Interpreter.run` is a generator that
yields what should happen next (`effects`); whoever drives it prints, waits and asks. Nothing here knows which service
opened the shell: `login` is given what the service wants to show of itself (`state.Origin`).
"""
