import { datadog } from '../../../src/providers/datadog/platform.ts';
import {
  DATADOG_FAKE_APPLICATION_KEY,
  DATADOG_FAKE_KEY,
  DATADOG_UNAUTHORISED,
  startDatadogFake,
} from '../../../src/simulator/datadog.ts';
import { type DeclaredPlatform, withAttributes } from '../declared-platform.ts';

/** The record in the search's answer, where it is inside `data`, or as it is alone. */
function withInner(record: object, changed: Readonly<Record<string, unknown>>): object {
  if (!('data' in record)) return withAttributes(record, changed);
  return { ...record, data: withAttributes(Object(record.data), changed) };
}

export const declared: DeclaredPlatform = {
  name: 'Datadog',
  platform: datadog,
  config: { settings: { api_key: DATADOG_FAKE_KEY, application_key: DATADOG_FAKE_APPLICATION_KEY } },
  startFake: startDatadogFake,
  unauthorised: DATADOG_UNAUTHORISED,
  path: '/api/v2/incidents/search',
  items: 'data.attributes.incidents',
  withTime: (record, time) => withInner(record, { created: time }),
  withUnknownStatus: (record) => withInner(record, { state: 'hibernating' }),
  withoutEnd: (record) => withInner(record, { resolved: null }),
};
