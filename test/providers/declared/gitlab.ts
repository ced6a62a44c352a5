import { gitlab } from '../../../src/providers/gitlab/platform.ts';
import { GITLAB_FAKE_TOKEN } from '../../../src/simulator/gitlab.ts';
import { GITLAB_UNAUTHORISED, startGitlabIncidentsFake } from '../../../src/simulator/gitlab-incidents.ts';
import type { DeclaredPlatform } from '../declared-platform.ts';

export const declared: DeclaredPlatform = {
  name: 'GitLab incidents',
  platform: gitlab,
  config: { settings: { source: 'incidents', token: GITLAB_FAKE_TOKEN, projects: ['acme/ops/incidents'] } },
  startFake: startGitlabIncidentsFake,
  unauthorised: GITLAB_UNAUTHORISED,
  path: '/api/v4/projects/acme%2Fops%2Fincidents/issues',
  items: '',
  idField: 'iid',
  fakeId: (_name, index) => String(index + 1),
  hasId: (value, id) => 'iid' in value && value.iid === Number(id),
  withTime: (record, time) => ({ ...record, created_at: time }),
  withUnknownStatus: (record) => ({ ...record, state: 'hibernating' }),
  withoutEnd: (record) => ({ ...record, closed_at: null }),
  detailsWithoutEnd: { path: /\/resource_state_events$/, body: [] },
};
