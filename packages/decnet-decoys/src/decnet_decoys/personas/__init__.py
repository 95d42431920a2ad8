# SPDX-License-Identifier: MIT
"""Personas as data: a decky's identity, down to its banners, users, files, processes and pages.

One TOML file each; `schema` defines its format, `catalog` finds and loads it.
"""
