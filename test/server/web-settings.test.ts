import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { expect, it, onTestFinished } from 'vitest';
import { parseWebConfig } from '../../src/server/web-config.ts';
import { ask, rememberLog, serve, until } from './serving.ts';

/** Long enough that no turn of the watch comes within a test. */
const NEVER_MS = 2 ** 30;

/** The least cost that bcrypt knows, for the speed of the tests. */
const hash = (password: string) => hashSync(password, 4);

function login(password: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` } };
}

async function serveWith(text: string, watchEveryMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-web-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'web.yml');
  writeFileSync(file, text);
  const { log, lines } = rememberLog();
  const running = await serve({ web: { config: parseWebConfig(text, file), file }, watchEveryMs, log });
  return { ...running, file, lines };
}

it('takes changed users without a restart', async () => {
  const { url, file, checkWebConfig, lines } = await serveWith(
    `basic_auth_users: { prometheus: ${hash('old')} }`,
    NEVER_MS,
  );
  await ask(`${url}metrics`, login('old'));

  writeFileSync(file, `basic_auth_users: { prometheus: ${hash('new')} }`);
  await checkWebConfig();
  const [before, after] = [await ask(`${url}metrics`, login('old')), await ask(`${url}metrics`, login('new'))];

  expect([before.status, after.status]).toEqual([401, 200]);
  expect(lines).toEqual([`info web configuration changed file=${file}`]);
});

it('notices a changed file by itself', async () => {
  const { url, file } = await serveWith('http_server_config: { headers: { X-Frame-Options: deny } }', 5);

  writeFileSync(file, 'http_server_config: { headers: { X-Frame-Options: sameorigin } }');

  let option: unknown = 'deny';
  await until(async () => {
    option = (await ask(`${url}metrics`)).headers['x-frame-options'];
    return option !== 'deny';
  });

  expect(option).toBe('sameorigin');
});

it.each([
  { says: 'is broken', text: 'basic_auth_users: [', why: /is not YAML/ },
  { says: 'holds an unknown key', text: 'users: {}', why: /users .*unknown key/ },
  { says: 'is empty, as while it is written', text: '\n', why: /has become empty/ },
])('keeps the users when the new file $says, and says so once', async ({ text, why }) => {
  const { url, file, checkWebConfig, lines } = await serveWith(
    `basic_auth_users: { prometheus: ${hash('old')} }`,
    NEVER_MS,
  );

  writeFileSync(file, text);
  await checkWebConfig();
  await checkWebConfig();
  const [stranger, user] = [await ask(`${url}metrics`), await ask(`${url}metrics`, login('old'))];

  expect([stranger.status, user.status]).toEqual([401, 200]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^error web configuration not reloaded, the old one stays error=/);
  expect(lines[0]).toMatch(why);
});

it('keeps the users when the file goes away, and takes it again when it is back', async () => {
  const { url, file, checkWebConfig, lines } = await serveWith(
    `basic_auth_users: { prometheus: ${hash('old')} }`,
    NEVER_MS,
  );

  rmSync(file);
  await checkWebConfig();
  const without = await ask(`${url}metrics`);
  writeFileSync(file, `basic_auth_users: { prometheus: ${hash('new')} }`);
  await checkWebConfig();
  const after = await ask(`${url}metrics`, login('new'));

  expect([without.status, after.status]).toEqual([401, 200]);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['error', 'info']);
});

it('does not refill the limit of requests when something else changes', async () => {
  const limit = 'rate_limit: { interval: 1h, burst: 1 }';
  const { url, file, checkWebConfig } = await serveWith(limit, NEVER_MS);
  await ask(`${url}metrics`);

  writeFileSync(file, `${limit}\nhttp_server_config: { headers: { X-Frame-Options: deny } }`);
  await checkWebConfig();
  const reply = await ask(`${url}metrics`);

  expect(reply).toMatchObject({ status: 429, headers: { 'x-frame-options': 'deny' } });
});

it.each(['rate_limit: { interval: 1s, burst: 5 }', ''])('says nothing while the file stays %j', async (text) => {
  const { checkWebConfig, lines } = await serveWith(text, NEVER_MS);

  await Promise.all([checkWebConfig(), checkWebConfig()]);

  expect(lines).toEqual([]);
});
