# SPDX-License-Identifier: MIT
"""The clusterer: attackers that one actor uses are one identity.

`signals` says what an event is evidence of, `intake` adds it to the tables; `kinds` and `commodity` say what sharing a
feature weighs, `cores` which features belong together, `attachment` who belongs to them, `verdicts` what an operator
decided. `regroup` recomputes what new evidence can have changed, `announce` makes the notices. The identities follow
from the set of evidence and the decisions, whatever the order in which they came.
"""
