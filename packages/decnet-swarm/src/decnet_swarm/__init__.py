# SPDX-License-Identifier: MIT
"""Several hosts as one fleet: who belongs to it (`pki`), and how sensors' events reach the master exactly once."""
