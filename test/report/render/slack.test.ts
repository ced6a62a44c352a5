import { describe, expect, it } from 'vitest';
import { renderSlack, toSlackMessage } from '../../../src/report/render/slack.ts';
import { group, NASTY, report } from './invented.ts';

function blocksOf({ blocks, attachments }: ReturnType<typeof toSlackMessage>) {
  return [...blocks, ...attachments.flatMap((attachment) => attachment.blocks)];
}

/** Every text of every block. */
function textsOf(message: ReturnType<typeof toSlackMessage>): string[] {
  return blocksOf(message).flatMap((block) => {
    if ('fields' in block) return block.fields.map(({ text }) => text);
    return 'elements' in block ? block.elements.map(({ text }) => text) : [block.text.text];
  });
}

const long = (id: string, url: string | undefined) => ({
  provider: 'pagerduty',
  id,
  url,
  service: 'checkout',
  severity: 'P1',
  triggeredAtMs: 0,
  resolvedAtMs: 0,
  minutes: 90,
});

describe('a report for Slack', () => {
  it('says the numbers, severities against their targets, services and the longest', () => {
    const message = toSlackMessage(report({ longest: [long('Q1', 'https://example.org/Q1?a=1&b=2')] }));

    expect(message.text).toBe(
      'Recovery report 2024-01-01T00:00:00 to 2024-01-31T23:59:59: incidents resolved: 47, mean: 145.3 min, level: High',
    );
    expect(textsOf(message)).toEqual(
      expect.arrayContaining([
        '*Mean*\n145.3 min',
        '*Within target*\n75.0%',
        '*By severity*\n*P1-Critical*: 45.2 min, 8 resolved, 50.0% within 30.0 min :x:\n*P5-Info*: no data, 0 resolved',
        '*By service*\n*checkout*: 145.3 min, 47 resolved, 49 opened',
        '*Longest*\n<https://example.org/Q1?a=1&amp;b=2|Q1> checkout P1: 90.0 min',
      ]),
    );
  });

  it('says how much changed beside the period before', () => {
    const before = {
      bounds: { firstMs: 0, lastMs: 1 },
      groups: [group({ statistics: { mttr: 290.6, resolved: 94 } })],
    };

    const texts = textsOf(toSlackMessage(report({ before })));

    expect(texts).toEqual(expect.arrayContaining(['*Mean*\n145.3 min (-50.0%)', '*Resolved*\n47 (-50.0%)']));
  });

  it('stays within what Slack takes, however many and long the names are', () => {
    const name = (at: number) => `${at} ${'&'.repeat(126)}`;
    const groups = Array.from({ length: 60 }, (_, at) => [
      group({ grouping: 'service', name: name(at) }),
      group({ grouping: 'severity', name: name(at), title: name(at) }),
    ]).flat();
    const notes = Array.from({ length: 60 }, (_, at) => ({ kind: 'lagging' as const, text: name(at) }));
    const longest = Array.from({ length: 5 }, (_, at) => long(name(at), `https://example.org/${'x'.repeat(900)}`));

    const message = toSlackMessage(report({ groups, notes, longest }));

    expect(blocksOf(message).length).toBeLessThanOrEqual(50);
    expect(Math.max(...textsOf(message).map((text) => text.length))).toBeLessThanOrEqual(3000);
    expect(textsOf(message).join('').length).toBeLessThanOrEqual(11_000);
    for (const text of textsOf(message)) expect(text.match(/&(?!(amp|lt|gt);)/g)).toBeNull();
  });

  it('has at most the ten fields that a section takes', () => {
    const groups = [group({ statistics: { mtta: 3, resolved: 1 } })];

    const fields = blocksOf(toSlackMessage(report({ groups }))).flatMap((block) =>
      'fields' in block ? block.fields : [],
    );

    expect(fields).toHaveLength(9);
  });

  it('lets no name mention a channel or forge a link', () => {
    const groups = [group({ grouping: 'service', name: `<!channel> ${NASTY}` })];

    const json = renderSlack(report({ groups, longest: [long('Q<1>', 'javascript:alert(1)')] }));

    expect(json).not.toContain('<');
    expect(json).toContain('&lt;!channel&gt;');
    expect(json).not.toContain('alert');
  });
});
