# SPDX-License-Identifier: MIT
"""The fleet that a command works on: which one it is, its bus and database, its events and the lag of its workers."""
