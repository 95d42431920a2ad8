# SPDX-License-Identifier: MIT
"""The profiler: one row per attacker, and what it touched, tried, typed and came with.

`worker` is thin; `record` says what an event adds to which table: what all kinds have there, in `actions` what the
attacker did, in `fingerprints` what its side looks like, with `observation`, `phases` and `tools` as pure parts.
`announce` says which notices follow. The tables, their merging, the score and the behaviour are in
`decnet_models.attackers`.
"""
