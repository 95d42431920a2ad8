# SPDX-License-Identifier: MIT
"""Groups identities into campaigns.

`signals` derives what an identity shows, `profile` holds it, `weighing` says what two have in common and `partition`
who acts together: values in, values out. `rhythm` says when a campaign has ended; `regrouping` reads and writes rows.
"""
