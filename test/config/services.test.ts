import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { load, refusal, withProvider } from './invented.ts';

const MINUTE_MS = 60_000;

/** Loads `/etc/mttr/config.yml` beside a file of owners. */
function withOwners(name: string, text: string, rest = '') {
  const files: Record<string, string> = { [`/etc/mttr/${name}`]: text };
  const readFile = (path: string) => {
    const found = files[path];
    if (found === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return found;
  };
  const options = { filename: '/etc/mttr/config.yml', readFile };
  return { text: withProvider(`owners: ${name}\n${rest}`), options };
}

describe('owners', () => {
  it.each([
    { name: 'owners.yml', text: 'checkout: payments\n"search": 24\n' },
    { name: 'owners.csv', text: '\uFEFFservice,team\r\n# of the shop\r\ncheckout,payments\r\n"search",24\r\n' },
    { name: 'teams.txt', text: 'Service,Team\ncheckout, payments\nsearch,24' },
    { name: 'more.csv', text: 'team,since,service\npayments,2020,checkout\n24,,search\n' },
  ])('are read of $name beside the configuration file', ({ name, text }) => {
    const given = withOwners(name, text);

    const { teams } = load(given.text, given.options).config.services;

    expect([...teams]).toEqual([
      ['checkout', 'payments'],
      ['search', '24'],
    ]);
  });

  it.each([
    { name: 'a.yml', text: '- checkout', message: 'is no mapping' },
    { name: 'a.yml', text: 'checkout: [payments]', message: 'has no team for "checkout"' },
    { name: 'a.yml', text: 'checkout: "unclosed', message: 'is not YAML' },
    { name: 'a.csv', text: 'name,team\nx,y', message: 'has no columns service and team in its first line' },
    { name: 'a.csv', text: 'service,team\ncheckout,', message: 'has no team in row 2' },
    { name: 'a.csv', text: 'service,team\nx,y\nx,z', message: 'has the service "x" twice (row 3)' },
    { name: 'a.csv', text: 'service,team\nx,y,z', message: 'is not CSV' },
  ])('are refused: $message', ({ name, text, message }) => {
    const given = withOwners(name, text);

    const refused = refusal(given.text, given.options);

    expect(refused).toContain(`owners (/etc/mttr/config.yml:2:1): "${name}" ${message}`);
  });
});

describe('a service', () => {
  const given = withOwners(
    'owners.yml',
    'checkout: shop\nsearch: find\n',
    'services: { overrides: { checkout: { targets: { p1: 15m, P5: 9h }, team: payments } } }',
  );
  const { config } = load(given.text, given.options);
  const [provider] = config.providers;
  const map = (serviceName: string, team: string, priority: string) => {
    if (provider === undefined) throw new Error('expected a provider');
    const mapper = createLabelMapper(provider, config.severities, config.services);
    return mapper.map({ row: 1, provider: 'invented', serviceId: 'S', serviceName, team, severity: { priority } });
  };

  it.each([
    { service: 'checkout', team: 'core', is: 'payments' },
    { service: 'search', team: 'core', is: 'core' },
    { service: 'search', team: '', is: 'find' },
    { service: 'mail', team: '', is: 'none' },
  ])('$service of the team "$team" is of $is', ({ service, team, is }) => {
    const labels = map(service, team, 'P1');

    expect(labels.team).toBe(is);
  });

  it.each([
    { service: 'checkout', severity: 'P1', minutes: 15 },
    { service: 'checkout', severity: 'P2', minutes: 120 },
    { service: 'checkout', severity: 'P5', minutes: 540 },
    { service: 'search', severity: 'P1', minutes: 30 },
  ])('$service has its own target, else that of $severity', ({ service, severity, minutes }) => {
    const labels = map(service, '', severity);

    expect(labels.targetMs).toBe(minutes * MINUTE_MS);
  });

  it('joins the buckets with its targets', () => {
    expect(config.metrics.bucketsMs).toContain(540 * MINUTE_MS);
  });
});

describe('a list of places for the severity', () => {
  it.each([
    { severity: '{}', tag: 'severity' },
    { severity: '{ from: ["tag:level"] }', tag: undefined },
    { severity: '{ from: ["tag:level"], tag: sev }', tag: 'sev' },
  ])('$severity stands in the place of the usual tag, not of a configured one', ({ severity, tag }) => {
    const [provider] = load(`providers: [{ type: tagged, regions: [eu], severity: ${severity} }]`).config.providers;

    expect(provider?.severity.tag).toBe(tag);
  });
});
