import { expect, it } from 'vitest';
import { startExporter, temporaryFolder, writeIn } from './process.ts';

it('with --config.watch a replaced secret file is in force soon, and a broken configuration is not', async () => {
  const folder = temporaryFolder();
  writeIn(folder, 'token', 'first\n');
  const text = `providers: [{ name: ours, type: push, token_file: ${folder}/token }]\nstore: { path: ${folder}/s.db }\n`;
  const file = writeIn(folder, 'c.yml', text);
  const exporter = await startExporter({ words: [`--config.file=${file}`, '--config.watch'], folder });
  const push = async (token: string) => {
    const init = { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '[]' };
    return (await exporter.get('api/v1/push/ours/incidents', init)).status;
  };
  await expect.poll(() => push('first'), { timeout: 30_000 }).toBe(200);

  writeIn(folder, 'token', 'second\n');
  await expect.poll(() => push('second'), { timeout: 30_000 }).toBe(200);
  const before = await push('first');
  writeIn(folder, 'c.yml', 'providers: []\n');
  const reported = () => exporter.logged().filter(({ msg }) => msg === 'configuration not reloaded, the old one stays');
  await expect.poll(() => reported().length, { timeout: 30_000 }).toBe(1);

  expect(before).toBe(401);
  expect(await push('second')).toBe(200);
}, 120_000);
