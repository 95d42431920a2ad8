# SPDX-License-Identifier: MIT
"""FTP as vsftpd 3.0.3 serves it (RFC 959, 2428, 4217): the files are those of the shell, uploads are kept.

`lines` reads commands and writes listings; `data` opens data connections; `session` answers those who have logged in,
with the commands about files in `files` and those about data connections in `transfers`.
"""
