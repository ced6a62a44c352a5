import { describe, expect, it } from 'vitest';
import { builtinMappings } from '../../src/imports/builtin-mappings.ts';
import { isSelected } from '../../src/imports/field-values.ts';
import { findMissingColumns } from '../../src/imports/mapping.ts';
import { parseIncident } from '../../src/imports/parse-incident.ts';
import type { Incident } from '../../src/model/incident.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { ROOTLY_FAKE_KEY } from '../../src/simulator/rootly.ts';
import { declared as rootly } from '../providers/declared/rootly.ts';
import { declaredStage, NOW_MS } from '../providers/declared-stage.ts';
import { event, simulated } from '../providers/opsgenie-stage.ts';

const mapping = builtinMappings.get('rootly');
if (mapping === undefined) throw new Error('there is no mapping for Rootly');

/** Everything but the ids of services, which tables do not have. */
function told({ id, title, status, serviceName, team, severity, updatedAtMs, ...times }: Incident) {
  const { startedAtMs, triggeredAtMs, acknowledgedAtMs, mitigatedAtMs, resolvedAtMs } = times;
  const stamps = { startedAtMs, triggeredAtMs, acknowledgedAtMs, mitigatedAtMs, resolvedAtMs, updatedAtMs };
  return { id, title, status, serviceName, team, severity: severity.priority, ...stamps };
}

function importAll(rows: readonly unknown[]) {
  const context = { mapping: mapping ?? { name: '', fields: new Map() }, zone: 'UTC', tags: NO_TAGS };
  return rows
    .filter((row) => isSelected(row, context.mapping))
    .map((row) => parseIncident(row, context, NOW_MS))
    .map((parsed) => ('incident' in parsed ? told(parsed.incident) : parsed));
}

const NO_TAGS = { service: undefined, severity: undefined };

/** The rows of a table with a column for each attribute, named by its label. */
function toTable(records: readonly { readonly id: string; readonly attributes: Record<string, unknown> }[]) {
  const label = (name: string) => name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => ` ${letter.toUpperCase()}`);
  const text = (value: unknown): string => {
    if (value === null) return '';
    const json = JSON.stringify(value);
    return typeof value === 'object' ? (/"name":"([^"]*)"/.exec(json)?.[1] ?? '') : json.replaceAll('"', '');
  };
  return records.map(({ id, attributes }) => ({
    ID: id,
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [label(name).trim(), text(value)])),
  }));
}

async function stage() {
  const made = await declaredStage(rootly);
  const atMs = NOW_MS - 3 * HOUR_MS;
  const ends = [event('acknowledge', atMs + 5 * MINUTE_MS), event('resolve', atMs + HOUR_MS)];
  made.world.incidents.push(
    simulated('1', { triggeredAtMs: atMs, events: ends }),
    simulated('2', { triggeredAtMs: atMs, events: ends.slice(0, 1) }),
    simulated('3', { triggeredAtMs: atMs }),
    simulated('4', { title: '[triage] maybe', triggeredAtMs: atMs }),
    ...['test', 'cancelled', 'duplicate'].map((word) =>
      simulated(word, { title: `[${word}] none`, triggeredAtMs: atMs, events: ends }),
    ),
  );
  await made.poll();
  const headers = { authorization: `Bearer ${ROOTLY_FAKE_KEY}` };
  const response = await fetch(`${made.fake.url}/v1/incidents?page[size]=100`, { headers });
  const body = (await response.json()) as { data: { id: string; attributes: Record<string, unknown> }[] };
  await made.close();
  const polled = [...made.memory.incidents.values()].filter(({ exclusion }) => exclusion === undefined);
  return { records: body.data, polled: polled.map(told) };
}

const byId = (one: object, other: object) => JSON.stringify(one).localeCompare(JSON.stringify(other));

describe('the mapping rootly', () => {
  it.each([
    { says: 'answers of the API', toRows: (records: readonly never[]): readonly unknown[] => records },
    { says: 'a table', toRows: toTable },
  ])('makes of $says what polling makes of the same incidents', async ({ toRows }) => {
    const { records, polled } = await stage();

    const imported = importAll(toRows(records as never[]));

    expect(polled).toHaveLength(4);
    expect(imported.toSorted(byId)).toEqual(polled.toSorted(byId));
  });

  it('leaves the start of the impact unknown without a detection', () => {
    const times = { started_at: '2026-11-01T09:00:00Z', resolved_at: '2026-11-01T10:00:00Z' };

    const [without, withIt] = importAll([
      { id: 'A', status: 'resolved', ...times },
      { id: 'B', status: 'resolved', ...times, detected_at: '2026-11-01T09:05:00Z' },
    ]);

    expect(without).toMatchObject({ startedAtMs: undefined, triggeredAtMs: Date.parse(times.started_at) });
    expect(withIt).toMatchObject({ startedAtMs: Date.parse(times.started_at) });
  });

  it('needs no column that an export may lack', () => {
    expect(findMissingColumns(mapping, new Set(['ID', 'Started At', 'Resolved At']))).toBeUndefined();
  });
});
