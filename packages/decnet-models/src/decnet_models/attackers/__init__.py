# SPDX-License-Identifier: MIT
"""Who came and what they did: attackers, their sessions, credentials, commands, clients, tools and canary hits.

Written by the profiler alone; read by ttp, enrich, clusterer and the operator's commands. `tables` declares
beside each column how it is merged, `merge` does it in SQL, `queries` reads, `profile` is what is read; `score`
and `behaviour` are the pure judgements over it. Every table holds a commutative summary of events, so batches,
restarts and order leave no trace.
"""
