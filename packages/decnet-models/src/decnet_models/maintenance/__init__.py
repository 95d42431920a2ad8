# SPDX-License-Identifier: MIT
"""Maintenance of the database: backup, restore, vacuum, integrity. None of it stops the fleet.

A backup is one file. SQLite's is a database itself; PostgreSQL's is a zip archive (`archive`) that can be made and read
without programs of the server's version. Commands are in `commands`.
"""
