# SPDX-License-Identifier: MIT
"""What a rule's log source is here: our own kinds of events, or other logs and their fields by a mapping."""
