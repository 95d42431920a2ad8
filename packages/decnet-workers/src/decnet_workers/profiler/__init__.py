# SPDX-License-Identifier: MIT
"""The profiler: one row per attacker, and what it touched, tried, typed and used.

`worker` is thin; `record` says what an event adds to which table: common columns there, in `actions` what the attacker
did, in `fingerprints` its software and stack, with `observation`, `logins` and `tools` as pure parts. `rescoring` adds
the scores, `announce` derives the notices, `verdicts` takes over what enrich has found. The tables, their merging, the
score and the behaviour are in `decnet_models.attackers`.
"""
