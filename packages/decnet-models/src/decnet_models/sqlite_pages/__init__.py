# SPDX-License-Identifier: MIT
"""Reads the pages of a SQLite file without SQLite, which gives up at the first damaged one (sqlite.org/fileformat2).

Standard library only, and nothing is ever written. `page_file` gives pages as committed, the write-ahead log included;
`node` reads one b-tree page, `record` a row, `survey` walks all b-trees and says what is damaged.
"""
