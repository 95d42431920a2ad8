# SPDX-License-Identifier: MIT
"""The attackers: their sessions, credentials, commands, clients, tools and canary hits.

Written by the profiler alone; read by ttp, enrich, clusterer and the operator's commands. `tables` declares beside each
column how it is merged, `merge` does it in SQL, `queries` reads, `profile` has the result types; `score`, `behaviour`,
`typists`, `stories` and `password_lists` are pure functions over them, and `analysis` applies the last three. Every
table is a commutative summary of events, so batches, restarts and order do not affect it; only the verdicts of others
come besides (`verdicts`).
"""
