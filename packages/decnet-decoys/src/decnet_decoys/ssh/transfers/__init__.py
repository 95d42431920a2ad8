# SPDX-License-Identifier: MIT
"""Files that SSH clients bring and fetch: SFTP and SCP."""
