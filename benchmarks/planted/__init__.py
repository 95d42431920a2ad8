# SPDX-License-Identifier: MIT
"""Worlds of attackers whose identities and campaigns are known, and how the workers' answers are scored.

`generator` makes a world, `actors` the people in it, `crowd` everybody else; `second` and `habits` make another in
another way, `third`, `arsenal` and `trades` one more; `fourth` to `eighth` are filled as `peopled` says.
`files` reads and writes worlds, `play` runs the workers on one, `bcubed` scores them. Nothing here may know how the
workers decide.
"""
