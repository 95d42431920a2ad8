# SPDX-License-Identifier: MIT
"""Commands that look into programs and shared libraries: readelf and its kin, ldconfig."""
