# SPDX-License-Identifier: MIT
"""What the operator sees of groups, and decides about them: the same for identities and campaigns."""
