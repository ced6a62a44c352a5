import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { z } from 'zod';
import type { FakeOptions } from '../../src/simulator/platform.ts';
import { type Answered, whyNotAsPromised } from '../server/api-conformance.ts';
import { type Exporter, startExporter, temporaryFolder, writeIn } from './process.ts';
import { inventWorlds, type Platforms, startPlatforms, type Worlds } from './three-platforms.ts';

export const ADMIN_TOKEN = 'the-admin-token';

/** So that there is every number. */
const SETTINGS = `
web: { admin_token: ${ADMIN_TOKEN} }
availability: { severities: [P1, P2], objective: 0.99 }
business_hours: { timezone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:30" }
`;

const Json = z.json();

/** The API of a running exporter; every answer is held against the document that it serves. */
export interface ApiClient {
  readonly exporter: Exporter;
  readonly worlds: Worlds;
  readonly fakes: Platforms['fakes'];
  readonly get: (path: string) => Promise<Answered>;
  readonly refresh: (query: string) => Promise<Answered>;
}

/** An exporter that polls three platforms once, and then only when it is told to. */
export async function startWithApi(options: FakeOptions = {}): Promise<ApiClient> {
  const worlds = inventWorlds(Date.now());
  const platforms = await startPlatforms(worlds, options);
  const folder = temporaryFolder();
  const often = readFileSync(platforms.configure(folder, SETTINGS), 'utf8');
  const config = writeIn(folder, 'c.yml', often.replaceAll('poll_interval: 1s', 'poll_interval: 1h'));
  const exporter = await startExporter({ words: [`--config.file=${config}`] });
  await exporter.untilPage('all is shown', (page) =>
    ['pd', 'og', 'aws'].every((provider) => page.sum('incident_mttr_minutes', { by: 'provider', provider }) > 0),
  );
  const document = Json.parse(JSON.parse((await exporter.get('api/v1/openapi.json')).text));
  const ask = async (method: string, path: string, headers: Record<string, string>): Promise<Answered> => {
    const answer = await fetch(new URL(`api/v1${path}`, exporter.url), { method, headers });
    const type = answer.headers.get('content-type');
    const body: unknown = JSON.parse(await answer.text());
    const answered = { method, path: `/api/v1${path}`, status: answer.status, type, body };
    expect(whyNotAsPromised(document, answered)).toEqual([]);
    return answered;
  };
  return {
    exporter,
    worlds,
    fakes: platforms.fakes,
    get: (path) => ask('GET', path, {}),
    refresh: (query) => ask('POST', `/refresh?${query}`, { authorization: `Bearer ${ADMIN_TOKEN}` }),
  };
}
