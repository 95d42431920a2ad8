# SPDX-License-Identifier: MIT
"""What `decnet identities` and `decnet identity` need: documents, graphs, the operator's decisions."""
