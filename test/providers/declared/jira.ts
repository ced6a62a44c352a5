import { jira } from '../../../src/providers/jira/platform.ts';
import { JIRA_FAKE_ACCOUNT, JIRA_FAKE_TOKEN, JIRA_UNAUTHORISED, startJiraFake } from '../../../src/simulator/jira.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

/** Changes fields of an issue. */
const withFields = (record: object, fields: object) => ({
  ...record,
  fields: { ...('fields' in record && typeof record.fields === 'object' ? record.fields : {}), ...fields },
});

export const declared: DeclaredPlatform = {
  name: 'Jira',
  platform: jira,
  config: { settings: { account: JIRA_FAKE_ACCOUNT, api_token: JIRA_FAKE_TOKEN } },
  startFake: startJiraFake,
  unauthorised: JIRA_UNAUTHORISED,
  path: '/rest/api/3/search/jql',
  items: 'issues',
  idField: 'key',
  withTime: (record, time) => withFields(record, { created: time }),
  withUnknownStatus: (record) => withFields(record, { status: { id: '9', statusCategory: { key: 'hibernating' } } }),
  withoutEnd: (record) => ({ ...withFields(record, { resolutiondate: null }), changelog: { total: 0, histories: [] } }),
};
