import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/http/redact.ts';
import { catchReason, closeAll, neverAborted, openClient, SECRET, startServer } from './setup.ts';

afterEach(closeAll);

const token = fc.stringMatching(/^[A-Za-z0-9+/=_.~ "%-]{8,40}$/);
const around = fc.stringMatching(/^[a-z :=&{}]{0,20}$/);

describe('redaction', () => {
  it.each([
    { says: 'as it is', form: (secret: string) => secret },
    { says: 'URL-encoded', form: encodeURIComponent },
    {
      says: 'URL-encoded in lower case',
      form: (secret: string) => encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
    },
    { says: 'in a query', form: (secret: string) => encodeURIComponent(secret).replaceAll('%20', '+') },
    { says: 'in JSON', form: (secret: string) => JSON.stringify(secret).slice(1, -1) },
    { says: 'in base64', form: (secret: string) => Buffer.from(secret).toString('base64') },
    { says: 'in base64 for URLs', form: (secret: string) => Buffer.from(secret).toString('base64url') },
  ])('leaves nothing of a secret $says', ({ form }) => {
    fc.assert(
      fc.property(token, around, around, (secret, before, after) => {
        const clean = createRedactor([secret]).text(`${before}Token token=${form(secret)}${after}`);

        expect(clean).not.toContain(form(secret));
        expect(clean).not.toContain(secret);
        expect(clean).toContain('[redacted]');
      }),
    );
  });

  it('leaves nothing of a secret within Basic credentials, at any offset', () => {
    fc.assert(
      fc.property(
        token,
        fc.stringMatching(/^[a-z]{0,9}$/),
        fc.stringMatching(/^[a-z]{0,9}$/),
        (secret, before, after) => {
          const text = Buffer.from(`${before}:${secret}${after}`).toString('base64');

          const clean = createRedactor([secret]).text(`Basic ${text}`);

          // What may remain: the encoding of what stands around it, and of one character at each edge.
          const left = clean.replace('Basic ', '').replace('[redacted]', '');
          expect(clean).toContain('[redacted]');
          expect(left.length).toBeLessThanOrEqual(Math.ceil(((before.length + after.length + 1) * 4) / 3) + 6);
        },
      ),
    );
  });

  it('removes overlapping secrets as one', () => {
    const redactor = createRedactor(['abcdefgh', 'efghijkl', 'abcdefghijklmnop']);

    expect(redactor.text('<abcdefghijkl> <abcdefghijklmnop> <efghijkl>')).toBe(
      '<[redacted]> <[redacted]> <[redacted]>',
    );
  });

  it('leaves other text as it is, and ignores an empty secret', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('@') && !text.includes('secret')),
        (text) => {
          expect(createRedactor(['', 'secret']).text(text)).toBe(text);
        },
      ),
    );
  });

  it('removes e-mail addresses, which platforms put into their messages', () => {
    const text = createRedactor([]).text('User "ada@example.com" (Ada <ada.byron+x@sub.example.com>) has no access');

    expect(text).toBe('User "[redacted]" (Ada <[redacted]>) has no access');
  });

  it('reaches keys and values at every depth that it keeps, and drops what is deeper', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);

    const clean = createRedactor(['hushhush']).value({ list: [{ hushhush: 'x hushhush', n: 1, none: null }], deep });

    expect(clean).toMatchObject({ list: [{ '[redacted]': 'x [redacted]', n: 1, none: null }] });
    expect(JSON.stringify(clean)).toContain('{"a":{"a":{}}}');
  });

  it('handles a long word without an address in linear time', () => {
    const text = 'a'.repeat(64 * 1024);

    expect(createRedactor(['hushhush']).text(text)).toBe(text);
  });
});

describe('an error of the HTTP client', () => {
  const forms = [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString('base64')];

  it.each([
    { says: 'a response that echoes it', status: 401 },
    { says: 'a response that echoes it and is retried', status: 500 },
    { says: 'a redirect that carries it', status: 302 },
    { says: 'a web page that echoes it', status: 200 },
    { says: 'a cut connection', status: undefined },
  ])('holds the token nowhere after $says', async ({ status }) => {
    const { url } = await startServer((request, response) => {
      if (status === undefined) return void response.destroy();
      const echo = `${request.headers.authorization} ${request.url} ${forms.join(' ')}`;
      const body =
        status === 200 ? `<p>${echo}` : JSON.stringify({ error: { message: echo, errors: [echo] }, [SECRET]: echo });
      response.writeHead(status, { location: `https://${forms[1]}.test/?t=${forms[1]}` }).end(body);
    });

    const error = await catchReason(openClient(url).get(`/items/${forms[1]}`, { token: SECRET }, neverAborted()));

    const shown = [
      inspect(error, { depth: Infinity, showHidden: true }),
      JSON.stringify(error),
      String(error),
      error instanceof Error ? error.stack : '',
    ].join('\n');
    for (const form of forms) expect(shown).not.toContain(form);
    expect(shown).not.toMatch(/authorization/i);
    expect(String(error)).toMatch(/^RequestError: GET \/items\/\[redacted\]: /);
    expect(error).not.toHaveProperty('cause');
  });
});
