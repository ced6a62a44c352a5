import { describe, expect, it } from 'vitest';
import { parseMapping } from '../../src/imports/mapping-file.ts';
import { parseIncident } from '../../src/imports/parse-incident.ts';

const NOW_MS = Date.parse('2026-11-01T00:00:00Z');

function read(text: string, record: unknown) {
  const mapping = parseMapping(text, 'own.yml');
  return parseIncident(record, { mapping, zone: 'UTC', tags: { service: 'service', severity: 'sev' } }, NOW_MS);
}

describe('a custom mapping', () => {
  it('finds each field', () => {
    const text = `
fields:
  id: Number
  url: { from: Number, prefix: "https://status.example/" }
  title: [Headline, Summary]
  service: { constant: shop }
  severity: { from: Level, values: { Rot: P1, "*": P3 } }
  severity_tag: { from: tags, tag: severity }
  status: { from: State, values: { Zu: resolved, "*": open } }
  triggered_at: { from: Beginn, format: [dd.MM.yyyy HH:mm], zone: Europe/Berlin }
  acknowledged_at: { from: Reaktion, since_trigger: m }
  resolved_at: [{ from: Ende, format: dd.MM.yyyy HH:mm, zone: Europe/Berlin }, { from: Dauer, since_trigger: h }]
`;
    const record = {
      Number: 7,
      Headline: ' ',
      Summary: 'down',
      Level: 'rot',
      State: 'ZU',
      Beginn: '01.07.2026 11:00',
      Reaktion: '2.5',
      Dauer: 1,
    };

    const taken = read(text, record);

    expect(taken).toMatchObject({
      hasUpdatedAt: false,
      incident: {
        id: '7',
        url: 'https://status.example/7',
        title: 'down',
        serviceName: 'shop',
        severity: { priority: 'P1' },
        status: 'resolved',
        triggeredAtMs: Date.parse('2026-07-01T09:00:00Z'),
        acknowledgedAtMs: Date.parse('2026-07-01T09:02:30Z'),
        resolvedAtMs: Date.parse('2026-07-01T10:00:00Z'),
        endKnownFrom: 'report_duration',
        imported: true,
      },
    });
    expect(read(text, { ...record, State: 'offen', tags: ['x', 'sev:high'] })).toMatchObject({
      incident: { status: 'acknowledged', severity: { tag: 'high' }, resolvedAtMs: undefined },
    });
  });

  it('can extend a built-in one', () => {
    const text = 'extends: jira\nfields: { service: fields.customfield_1 }';
    const fields = { created: '2026-07-01T09:00:00.000+0000', customfield_1: 'shop', project: { key: 'OPS' } };

    const taken = read(text, { key: 'INC-1', fields });

    expect(taken).toMatchObject({
      incident: { id: 'INC-1', serviceName: 'shop', serviceId: 'shop', status: 'triggered' },
    });
  });

  it.each([
    ['fields: { title: x }', 'fields.id (own.yml:1:1): is missing; expected a column or a path'],
    [
      'extends: jirra\nfields: {}',
      'extends (own.yml:1:1): "jirra" is not allowed; expected pagerduty, opsgenie, jira,',
    ],
    ['extends: jira\nfields: { titles: x }', 'fields.titles (own.yml:2:11): is not a known key; did you mean title?'],
    ['extends: jira\nfields: { title: 5 }', 'fields.title (own.yml:2:11): is a number; expected a mapping'],
    ['extends: jira\nfields: { title: [] }', 'fields.title (own.yml:2:11): is empty; expected at least 1'],
    [
      'extends: jira\nfields: { title: { from: a, constant: b } }',
      'is not valid; expected either from or constant in it',
    ],
    [
      'extends: jira\nfields: { title: { fromm: a } }',
      'fields.title.fromm (own.yml:2:20): is not a known key; did you mean',
    ],
    ['extends: jira\nfields: { title: [{ from: a }, { from: b, zone: Mars }] }', 'fields.title[1].zone (own.yml:2:'],
    ['extends: jira\nfields: { title: { from: a, since_trigger: d } }', '"d" is not allowed; expected ms, s, m or h'],
    [
      'extends: jira\nfields: { resolved_at: { from: a, prefix: x } }',
      'fields.resolved_at (own.yml:2:11): has no use for prefix; expected it on texts only',
    ],
    ['extends: jira\nfields: { title: { from: a, format: x } }', 'has no use for format; expected it on dates only'],
    [
      'extends: jira\nfields: {}\nskip: { Type: [a, "/(/"] }',
      'skip.Type (own.yml:3:9): the value contains "/(/", which is not a regular expression (Unterminated group); expected',
    ],
    ['a: [', 'is not YAML'],
  ])('%j is refused with its path and position', (text, message) => {
    expect(() => parseMapping(text, 'own.yml')).toThrow(message);
  });

  it('can map the words of a date that is missing', () => {
    const text = `
fields:
  id: id
  triggered_at: start
  resolved_at: [{ from: end, values: { "?": "", now: "2026-07-01T11:00:00Z" } }, { from: closed }]
`;
    const resolvedAtMs = (end: string, closed?: string) => {
      const parsed = read(text, { id: 1, start: '2026-07-01T09:00:00Z', end, closed });
      return 'incident' in parsed ? parsed.incident.resolvedAtMs : parsed.detail;
    };

    expect(resolvedAtMs('?')).toBeUndefined();
    expect(resolvedAtMs('NOW')).toBe(Date.parse('2026-07-01T11:00:00Z'));
    expect(resolvedAtMs('?', '2026-07-01T10:00:00Z')).toBe(Date.parse('2026-07-01T10:00:00Z'));
    for (const word of ['-', 'N/A', 'NULL']) expect(resolvedAtMs(word)).toBeUndefined();
  });

  it('has the value and the format to add in the error of a date', () => {
    const parsed = read('fields: { id: id, triggered_at: start }', { id: 1, start: '13/05/2024 15:26' });

    expect(parsed).toMatchObject({
      reason: 'malformed',
      detail:
        'triggered_at (start): "13/05/2024 15:26" is not a known date; expected a date with a time; add format: "d/M/yyyy H:mm"',
    });
  });
});
