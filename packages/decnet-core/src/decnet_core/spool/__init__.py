# SPDX-License-Identifier: MIT
"""The spool: where a worker without a database stores its events until all readers have them.

One directory per worker, one writer, any number of named readers. Segments `0000000001.jsonl` hold one event a line and
are only ever appended to. A line that `append` returned for survives the death of the process; one that `sync` returned
for survives the death of the machine. The bus only says that there is something to read (law 2).
"""
