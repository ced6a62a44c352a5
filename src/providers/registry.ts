import { alertmanager } from './alertmanager/platform.ts';
import { argocd } from './argocd/platform.ts';
import { betterstack } from './betterstack/platform.ts';
import { cloudwatch } from './cloudwatch/platform.ts';
import { datadog } from './datadog/platform.ts';
import { firehydrant } from './firehydrant/platform.ts';
import { github } from './github/platform.ts';
import { gitlab } from './gitlab/platform.ts';
import { grafana } from './grafana/platform.ts';
import { imported } from './import/platform.ts';
import { incidentio } from './incidentio/platform.ts';
import { jenkins } from './jenkins/platform.ts';
import { jira } from './jira/platform.ts';
import { jsm } from './jsm/platform.ts';
import { opsgenie } from './opsgenie/platform.ts';
import { pagerduty } from './pagerduty/platform.ts';
import { prometheus } from './prometheus/platform.ts';
import type { Platform } from './provider.ts';
import { push } from './push/platform.ts';
import { rootly } from './rootly/platform.ts';
import { servicenow } from './servicenow/platform.ts';
import { splunkOncall } from './splunk-oncall/platform.ts';
import { statuspage } from './statuspage/platform.ts';

/** Every platform that a provider may be of; the one list that knows them all. */
export const platforms: readonly Platform[] = [
  pagerduty,
  opsgenie,
  grafana,
  jira,
  jsm,
  incidentio,
  rootly,
  servicenow,
  firehydrant,
  datadog,
  splunkOncall,
  statuspage,
  betterstack,
  cloudwatch,
  alertmanager,
  prometheus,
  github,
  gitlab,
  jenkins,
  argocd,
  imported,
  push,
];
