# SPDX-License-Identifier: MIT
"""Personas as data: who a decky claims to be, down to its banners, users, files, processes and pages.

One TOML file each; `shape` says what may stand in it, `shelf` finds and reads it.
"""
