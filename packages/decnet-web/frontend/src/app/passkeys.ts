// SPDX-License-Identifier: MIT
/** WebAuthn as the browser offers it; the options come from the server and its answers go back as JSON. */
type Json = Record<string, unknown>;

interface ParsesJson {
  parseRequestOptionsFromJSON(options: Json): PublicKeyCredentialRequestOptions;
  parseCreationOptionsFromJSON(options: Json): PublicKeyCredentialCreationOptions;
}

export function hasPasskeys(): boolean {
  return "PublicKeyCredential" in globalThis && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

function asJson(credential: Credential | null): Json {
  if (credential === null) throw new Error("The browser gave no passkey.");
  return (credential as unknown as { toJSON(): Json }).toJSON();
}

export async function getPasskey(options: Json): Promise<Json> {
  const parses = PublicKeyCredential as unknown as ParsesJson;
  return asJson(await navigator.credentials.get({ publicKey: parses.parseRequestOptionsFromJSON(options) }));
}

export async function makePasskey(options: Json): Promise<Json> {
  const parses = PublicKeyCredential as unknown as ParsesJson;
  return asJson(await navigator.credentials.create({ publicKey: parses.parseCreationOptionsFromJSON(options) }));
}
