import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLog, type LogFormat, type LogLevel } from '../../src/cli/log.ts';
import type { LogFields } from '../../src/model/log.ts';

interface Written {
  readonly message?: string;
  readonly fields?: LogFields;
  readonly format?: LogFormat;
  readonly level?: LogLevel;
  readonly secrets?: readonly string[];
}

function written({
  message = 'poll failed',
  fields,
  format = 'logfmt',
  level = 'debug',
  secrets = [],
}: Written): string {
  const lines: string[] = [];
  const log = createLog({ level, format, secrets, destination: { write: (line) => void lines.push(line) } });
  log.warn(message, fields);
  return lines.join('');
}

it('writes logfmt as time, level, message and fields', () => {
  const line = written({ fields: { provider: 'pagerduty', status: 503, synced: false } });

  expect(line).toMatch(
    /^ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=warn msg="poll failed" provider=pagerduty status=503 synced=false\n$/,
  );
});

it('writes JSON with the level as a word, an ISO time, and neither host nor process', () => {
  const line = written({ fields: { provider: 'pagerduty', absent: undefined }, format: 'json' });

  expect(Object.keys(JSON.parse(line))).toEqual(['level', 'ts', 'provider', 'msg']);
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', provider: 'pagerduty', msg: 'poll failed' });
});

it.each([
  { says: 'a line feed', value: 'x\nts=1 level=error msg=forged', shown: String.raw`"x\nts=1 level=error msg=forged"` },
  { says: 'a carriage return', value: 'x\rlevel=error', shown: String.raw`"x\rlevel=error"` },
  { says: 'a quote', value: 'x" level="error', shown: String.raw`"x\" level=\"error"` },
  { says: 'an equals sign', value: 'level=error', shown: '"level=error"' },
  { says: 'a Unicode line end', value: 'x\u2028level=error', shown: String.raw`"x\u2028level=error"` },
  { says: 'a terminal sequence', value: '\u001b[2K\u009b2K', shown: String.raw`"\u001b[2K\u009b2K"` },
  { says: 'a direction override', value: 'a\u202eb', shown: String.raw`"a\u202eb"` },
  { says: 'nothing at all', value: '', shown: '""' },
  { says: 'letters of any language', value: 'Zürich', shown: 'Zürich' },
])('does not let a value with $says forge a line or a field', ({ value, shown }) => {
  const line = written({ fields: { service: value } });

  expect(line.slice(line.indexOf('service='))).toBe(`service=${shown}\n`);
});

it('writes exactly one line of readable fields whatever the value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const line = written({ fields: { service: value } });

      const [, shown = ''] = /^[^\n\r\u2028\u2029]*? service=("(?:[^"\\]|\\.)*"|[^\s"=]+)\n$/u.exec(line) ?? [];
      expect(shown.startsWith('"') ? JSON.parse(shown) : shown).toBe(value);
    }),
  );
});

it.each(['logfmt', 'json'] as const)('leaves no secret in a %s line', (format) => {
  const line = written({
    format,
    message: 'refused tok"en-1',
    fields: { url: 'https://x/?key=tok"en-1-long', other: 'tok"en-1tok"en-1' },
    secrets: ['', 'tok"en-1', 'tok"en-1-long'],
  });

  expect(line).not.toContain('en-1');
  expect(line).toContain('refused <secret>');
  expect(line).toContain('https://x/?key=<secret>');
});

it('hides a secret that became known after the log was made', () => {
  const secrets: string[] = [];
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format: 'json',
    secrets,
    destination: { write: (line) => void lines.push(line) },
  });

  secrets.push('late-token');
  log.info('reloaded with late-token');

  expect(lines.join('')).toContain('reloaded with <secret>');
});

it.each([
  { level: 'debug', expected: ['debug', 'info', 'warn', 'error'] },
  { level: 'info', expected: ['info', 'warn', 'error'] },
  { level: 'warn', expected: ['warn', 'error'] },
  { level: 'error', expected: ['error'] },
] as const)('writes at level $level what is at least as important', ({ level, expected }) => {
  const levels: unknown[] = [];
  const destination = { write: (line: string) => void levels.push(JSON.parse(line).level) };
  const log = createLog({ level, format: 'json', destination });

  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');

  expect(levels).toEqual(expected);
});
