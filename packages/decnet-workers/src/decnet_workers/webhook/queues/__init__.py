# SPDX-License-Identifier: MIT
"""The queues of endpoints: what is sent to each when, and what they ask of the database together."""
