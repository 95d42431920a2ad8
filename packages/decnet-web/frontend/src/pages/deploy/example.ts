// SPDX-License-Identifier: MIT
/** A document to begin with: deckies on this host's loopback, which everybody may open, beside the default ones. */
export const EXAMPLE = `# A decky for each [[decky]], or many with count. Without [network] they are on this host's loopback;
# for your own network: [network] with runtime = "netns", interface, subnets and gateways.

[[decky]]
name = "intranet"
count = 3
address = "127.88.0.10"
persona = "debian-web"
services = { ssh = 2222, http = 8080 }

[[decky]]
name = "storage"
address = "127.88.0.50"
persona = "nas"
services = { ssh = 2222, http = 8080 }
`;
