# SPDX-License-Identifier: MIT
"""What deckies can be: the shipped personas and images, with those of the deployment."""
