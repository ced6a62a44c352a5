import { expect, it } from 'vitest';
import { DEMO_PLATFORMS } from '../../src/simulator/demo-platforms.ts';
import { startExporter } from './process.ts';

const TYPES = DEMO_PLATFORMS.map(({ type }) => type);

// Some at a time, so that a slow machine has time for them.
it.each([0, 4, 8, 12, 16].filter((at) => at < TYPES.length))(
  'the demo shows every platform of which there is a fake, from the %ith on',
  async (at) => {
    const shown = DEMO_PLATFORMS.slice(at, at + 4);

    const exporter = await startExporter({ words: ['demo', `--platforms=${TYPES.slice(at, at + 4).join(',')}`] });
    const page = await exporter.untilPage(
      'all is synced',
      (current) => current.sum('mttr_exporter_provider_synced', {}) === shown.length,
    );

    const held = shown.filter(
      ({ type, name = type }) => page.sum('mttr_exporter_incidents', { provider: name, state: 'resolved' }) > 0,
    );
    expect(held.map(({ type }) => type)).toEqual(TYPES.slice(at, at + 4));
  },
  120_000,
);
