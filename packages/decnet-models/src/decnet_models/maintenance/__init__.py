# SPDX-License-Identifier: MIT
"""Care of the database by its operator: backup, restore, vacuum, integrity. None of it stops the fleet.

A backup is one file. SQLite's is a database itself; PostgreSQL's is a zip archive (`archive`) that needs no program of
the server's version to be made or read. Commands are in `commands`.
"""
