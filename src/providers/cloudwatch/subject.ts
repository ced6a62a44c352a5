/** An alarm's name is unique within its region; together they are the subject of its signals. */
export interface AlarmPlace {
  readonly region: string;
  readonly name: string;
}

/** The subject of an alarm's signals: `<region>/<alarm name>`. */
export function subjectOf({ region, name }: AlarmPlace): string {
  return `${region}/${name}`;
}

/** The region and name of a subject; names may hold slashes, regions never do. */
export function placeOf(subject: string): AlarmPlace {
  const slash = subject.indexOf('/');
  return { region: subject.slice(0, slash), name: subject.slice(slash + 1) };
}

/** An incident's id: `<region>/<alarm name>@<milliseconds of its anchor>`. */
export function incidentId(subject: string, anchorMs: number): string {
  return `${subject}@${anchorMs}`;
}

/** The subject of an incident's id; names may hold `@` too, so the last one counts. */
export function subjectOfIncident(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}

/** The alarm's page in the console of its partition. */
export function consoleUrl({ region, name }: AlarmPlace): string {
  return `https://${consoleHost(region)}/cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`;
}

function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  if (region.startsWith('us-gov-')) return 'console.amazonaws-us-gov.com';
  return `${region}.console.aws.amazon.com`;
}
