# SPDX-License-Identifier: MIT
"""Personas as data: who a decky claims to be, down to its banners, users, files, processes and pages.

One TOML file each; `schema` says what may stand in it, `catalog` finds and reads it.
"""
