import { github } from '../../../src/providers/github/platform.ts';
import { GITHUB_FAKE_TOKEN } from '../../../src/simulator/github.ts';
import { GITHUB_UNAUTHORISED, startGithubIssuesFake } from '../../../src/simulator/github-issues.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'GitHub issues',
  platform: github,
  config: { settings: { source: 'issues', token: GITHUB_FAKE_TOKEN, repositories: ['acme/incidents'] } },
  startFake: startGithubIssuesFake,
  unauthorised: GITHUB_UNAUTHORISED,
  path: '/repos/acme/incidents/issues',
  items: '',
  idField: 'number',
  fakeId: (_name, index) => String(index + 1),
  hasId: (value, id) => 'number' in value && value.number === Number(id),
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, state: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, closed_at: null }),
  detailsWithoutEnd: { path: /\/events$/, body: [] },
};
