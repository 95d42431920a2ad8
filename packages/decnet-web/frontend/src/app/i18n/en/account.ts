// SPDX-License-Identifier: MIT
export const account = {
  "login.title": "Log in",
  "login.name": "User name",
  "login.password": "Password",
  "login.submit": "Log in",
} as const;
