# SPDX-License-Identifier: MIT
"""The deckies of a sensor as its master signs them: the seal, the children that make and check it, and its parts.

The listener's key signs, whose certificate the fleet's authority issued; so a sensor that enrolled can tell that its
master wrote what it keeps, also after the listener has got another key.
"""
