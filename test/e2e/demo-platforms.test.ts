import { expect, it } from 'vitest';
import { DEMO_PLATFORMS } from '../../src/simulator/demo-platforms.ts';
import { startExporter } from './process.ts';

it('the demo shows every platform of which there is a fake', async () => {
  const types = DEMO_PLATFORMS.map(({ type }) => type);

  const exporter = await startExporter({ words: ['demo', `--platforms=${types.join(',')}`] });
  const page = await exporter.untilPage(
    'all is synced',
    (shown) => shown.sum('mttr_exporter_provider_synced', {}) === types.length,
  );

  const held = DEMO_PLATFORMS.filter(
    ({ type, name = type }) => page.sum('mttr_exporter_incidents', { provider: name, state: 'resolved' }) > 0,
  );
  expect(held.map(({ type }) => type)).toEqual(types);
}, 120_000);
