# SPDX-License-Identifier: MIT
"""Who may use the API and the dashboard, what they are logged in with, and what they did.

Tables: account, api_token, web_session, login_throttle, audit_entry, written by the operator (API and commands). What
lets somebody in is never stored: passwords as the hash that the caller made (argon2id), tokens and session cookies as
SHA-256 (they are random), TOTP secrets sealed by the caller. The table of users is `account`, since `user` is a word
of SQL: on PostgreSQL an operator's `SELECT * FROM user` answers with the name of the database role.
"""
