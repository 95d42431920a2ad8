# SPDX-License-Identifier: MIT
"""Several hosts as one fleet.

`pki` has its keys and members, `enrolment` lets sensors join, `forwarder` and `listener` bring their events to the
master exactly once.
"""
