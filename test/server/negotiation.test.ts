import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acceptsGzip, negotiateFormat } from '../../src/server/metrics-endpoint.ts';

const PROMETHEUS_2_42 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7';

it.each([
  { says: 'Prometheus 2.42', accept: PROMETHEUS_2_42, format: 'openmetrics' },
  { says: 'Prometheus 3', accept: PROMETHEUS_3, format: 'openmetrics' },
  { says: 'Prometheus 3 with native histograms', accept: `${PROTOBUF},${PROMETHEUS_3}`, format: 'openmetrics' },
  { says: 'VictoriaMetrics', accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1', format: 'text' },
  { says: 'curl', accept: '*/*', format: 'text' },
  { says: 'a client without the header', accept: undefined, format: 'text' },
  { says: 'an empty header', accept: '', format: 'text' },
  {
    says: 'a browser',
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
    format: 'text',
  },
  { says: 'the bare name of OpenMetrics', accept: 'application/openmetrics-text', format: 'openmetrics' },
  {
    says: 'OpenMetrics in capitals and quotes',
    accept: 'Application/OpenMetrics-Text; Version="1.0.0"',
    format: 'openmetrics',
  },
  {
    says: 'spaces around everything',
    accept: ' application/openmetrics-text ; version = 1.0.0 ; q = 0.9 ',
    format: 'openmetrics',
  },
  { says: 'an older OpenMetrics only', accept: 'application/openmetrics-text;version=0.0.1', format: 'text' },
  { says: 'a newer text only', accept: 'text/plain;version=1.0.0', format: 'text' },
  {
    says: 'text preferred',
    accept: 'application/openmetrics-text;q=0.4,text/plain;version=0.0.4;q=0.5',
    format: 'text',
  },
  { says: 'equals, text first', accept: 'text/plain,application/openmetrics-text', format: 'text' },
  { says: 'equals, OpenMetrics first', accept: 'application/openmetrics-text,text/plain', format: 'openmetrics' },
  { says: 'OpenMetrics refused', accept: 'application/openmetrics-text;q=0,*/*', format: 'text' },
  { says: 'OpenMetrics refused and nothing else', accept: 'application/openmetrics-text;q=0', format: 'text' },
  { says: 'text refused', accept: 'text/plain;q=0,application/openmetrics-text;q=0.1', format: 'openmetrics' },
  { says: 'anything preferred to OpenMetrics', accept: 'application/openmetrics-text;q=0.1,*/*;q=0.9', format: 'text' },
  {
    says: 'anything, but text named below OpenMetrics',
    accept: 'text/plain;q=0.1,application/openmetrics-text;q=0.5,*/*;q=0.9',
    format: 'openmetrics',
  },
  { says: 'a q that is no number', accept: 'application/openmetrics-text;q=high,text/plain;q=0.1', format: 'text' },
  { says: 'a negative q', accept: 'application/openmetrics-text;q=-1', format: 'text' },
  { says: 'nonsense', accept: ';;,,=;q', format: 'text' },
])('gives $says the $format format', ({ accept, format }) => {
  const negotiated = negotiateFormat(accept);

  expect(negotiated).toBe(format);
});

it('finds a format for any header', () => {
  fc.assert(
    fc.property(fc.string(), (accept) => {
      const negotiated = negotiateFormat(accept);

      expect(['text', 'openmetrics']).toContain(negotiated);
    }),
  );
});

it.each([
  { encoding: 'gzip', isAccepted: true },
  { encoding: 'deflate, GZIP;q=0.5, br', isAccepted: true },
  { encoding: 'x-gzip', isAccepted: true },
  { encoding: 'gzip;q=0', isAccepted: false },
  { encoding: 'gzip; q=0.000', isAccepted: false },
  { encoding: 'br, zstd', isAccepted: false },
  { encoding: 'identity', isAccepted: false },
  { encoding: '*', isAccepted: false },
  { encoding: '', isAccepted: false },
  { encoding: undefined, isAccepted: false },
])('compresses for Accept-Encoding $encoding: $isAccepted', ({ encoding, isAccepted }) => {
  const accepted = acceptsGzip(encoding);

  expect(accepted).toBe(isAccepted);
});
