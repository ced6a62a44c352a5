/** What stands for each variable, by its name. */
export type Choice = Readonly<Record<string, string>>;

/** Everything in the window of 30 days. */
export const EVERYTHING: Choice = {
  window: '30d',
  provider: '.*',
  service: '.*',
  severity: '.*',
  team: '.*',
  worst: 'P1',
};

/** Spans that Grafana fills in, as PromQL writes them. */
export interface Spans {
  /** Four scrape intervals. */
  readonly $__rate_interval: string;
  /** What is on the screen. */
  readonly $__range: string;
}

/** The expression of a panel as Grafana sends it to Prometheus; throws where a variable is left. */
export function fill(expression: string, choice: Choice, spans: Spans): string {
  const timed = Object.entries(spans).reduce((text, [name, span]) => text.replaceAll(name, span), expression);
  const whole = Object.entries(choice).reduce(
    (text, [name, value]) => text.replaceAll(`"$${name}"`, `"${value}"`),
    timed,
  );
  if (whole.includes('$')) throw new Error(`nothing stands for a variable in ${whole}`);
  return whole;
}
