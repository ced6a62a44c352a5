import { validateHeaderValue } from 'node:http';

/** Throws when a value cannot be sent: a line break in a token is a mistake in the configuration and is better told at once. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`header ${name}: the credential holds a character that HTTP does not allow (a line break?)`);
    }
  }
}
