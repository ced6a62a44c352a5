/** What stands for each variable, by its name. */
export type Chosen = Readonly<Record<string, string>>;

/** Everything in the window of 30 days. */
export const NOTHING_CHOSEN: Chosen = { window: '30d', provider: '.*', service: '.*', severity: '.*', team: '.*' };

/** Spans that Grafana fills in, as PromQL writes them. */
export interface Spans {
  /** Four scrape intervals. */
  readonly $__rate_interval: string;
  /** What is on the screen. */
  readonly $__range: string;
}

/** The expression of a panel as Prometheus is asked for it; throws where a variable is left. */
export function filled(expression: string, chosen: Chosen, spans: Spans): string {
  const timed = Object.entries(spans).reduce((text, [name, span]) => text.replaceAll(name, span), expression);
  const whole = Object.entries(chosen).reduce(
    (text, [name, value]) => text.replaceAll(`"$${name}"`, `"${value}"`),
    timed,
  );
  if (whole.includes('$')) throw new Error(`nothing stands for a variable in ${whole}`);
  return whole;
}

/** The name of a series: its legend with the values of the labels that it names. */
export function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
}
