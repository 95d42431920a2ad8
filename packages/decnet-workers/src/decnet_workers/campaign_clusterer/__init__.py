# SPDX-License-Identifier: MIT
"""Groups identities into campaigns.

`signals` derives what an identity shows, `profile` holds it, `weighing` says what two have in common, `links` which
pairs that joins, `partition` who acts together and `rhythm` when a campaign has ended: values in, values out. `pending`
says which identities have changed, `reading` what they show now, `update` what differs from before, `neighbourhood`
whom that can concern, and `regrouping` what is to be written.
"""
