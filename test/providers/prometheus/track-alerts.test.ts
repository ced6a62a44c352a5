import { describe, expect, it } from 'vitest';
import {
  type Grid,
  type SampledRange,
  type TrackingState,
  trackAlerts,
} from '../../../src/providers/prometheus/track-alerts.ts';

const START_MS = Date.UTC(2026, 9, 1);
const STEP_MS = 30_000;
const GRID: Grid = { stepMs: STEP_MS, toleranceMs: 60_000, stalenessMs: 300_000 };
const FIELDS = { title: 'A', serviceId: '', serviceName: '', severity: {} };
/** Minutes after the start. */
const at = (minutes: number) => START_MS + minutes * 60_000;
const minutesOf = (ms: number | undefined) => (ms === undefined ? undefined : (ms - START_MS) / 60_000);
type Span = readonly [from: number, to: number];

/** Every instant of the grid in these minutes, both ends included. */
function instants(spans: readonly Span[]): number[] {
  return spans.flatMap(([from, to]) => {
    const found: number[] = [];
    for (let ms = at(from); ms <= at(to); ms += STEP_MS) found.push(ms);
    return found;
  });
}

interface Told {
  readonly firing: readonly Span[];
  /** Without it Prometheus was up throughout. */
  readonly up?: readonly Span[];
  readonly active?: readonly (readonly [from: number, to: number, since: number])[];
  readonly until?: number;
  /** Minutes at which one range ends and the next one begins. */
  readonly cuts?: readonly number[];
}

function track({ firing, up = [[0, 120]], active = [], until = 120, cuts = [] }: Told) {
  const upMs = instants(up);
  const firingMs = instants(firing);
  const activeSinceMs = new Map(
    active.flatMap(([from, to, since]) => instants([[from, to]]).map((ms) => [ms, at(since)])),
  );
  let state: TrackingState = { scanStartMs: START_MS, readToMs: START_MS - STEP_MS, alerts: new Map() };
  const ended: ReturnType<typeof trackAlerts>['ended'][number][] = [];
  for (const end of [...cuts, until]) {
    const [fromMs, toMs] = [state.readToMs + STEP_MS, at(end)];
    const within = (ms: number) => ms >= fromMs && ms <= toMs;
    const series = {
      fields: FIELDS,
      firingMs: firingMs.filter(within),
      activeSinceMs: new Map([...activeSinceMs].filter(([ms]) => within(ms))),
    };
    const hasSamples = series.firingMs.length + series.activeSinceMs.size > 0;
    const range: SampledRange = {
      fromMs,
      toMs,
      upMs: upMs.filter(within),
      alerts: new Map(hasSamples ? [['a', series]] : []),
    };
    const found = trackAlerts(state, range, GRID);
    ended.push(...found.ended);
    state = found.state;
  }
  const open = [...state.alerts.values()].map(({ firstMs }) => [minutesOf(firstMs), 'open']);
  return [
    ...ended.map(({ alert, endedAtMs, isEndUnknown }) => [
      minutesOf(alert.firstMs),
      isEndUnknown ? 'unknown' : minutesOf(endedAtMs),
    ]),
    ...open,
  ];
}

const CASES: readonly (Told & { says: string; expected: unknown })[] = [
  { says: 'ends an alert at the first instant without it', firing: [[10, 20]], expected: [[10, 20.5]] },
  { says: 'gives an alert of one sample one step', firing: [[10, 10]], expected: [[10, 10.5]] },
  { says: 'keeps an alert open that fires at the end', firing: [[10, 120]], expected: [[10, 'open']] },
  { says: 'waits while Prometheus may turn out to be down', firing: [[10, 119]], expected: [[10, 'open']] },
  { says: 'ends it after that', firing: [[10, 118.5]], expected: [[10, 119]] },
  {
    says: 'ends an alert at any gap',
    firing: [
      [10, 20],
      [21, 30],
    ],
    expected: [
      [10, 20.5],
      [21, 30.5],
    ],
  },
  {
    says: 'bridges a gap in which Prometheus was down',
    firing: [
      [10, 20],
      [25, 30],
    ],
    up: [
      [0, 20],
      [25, 120],
    ],
    expected: [[10, 30.5]],
  },
  {
    says: 'bridges it though scrapes and rules differ by a moment',
    firing: [
      [10, 20],
      [25, 30],
    ],
    up: [
      [0, 20.5],
      [24, 120],
    ],
    expected: [[10, 30.5]],
  },
  {
    says: 'does not know the end in a longer outage',
    firing: [
      [10, 20],
      [25.5, 30],
    ],
    up: [
      [0, 20],
      [25.5, 120],
    ],
    expected: [
      [10, 'unknown'],
      [25.5, 30.5],
    ],
  },
  {
    says: 'ends an alert in whose gap Prometheus was down for less',
    firing: [
      [10, 20],
      [30, 40],
    ],
    up: [
      [0, 24],
      [27, 120],
    ],
    expected: [
      [10, 20.5],
      [30, 40.5],
    ],
  },
  {
    says: 'ends an alert that does not come back after a short outage',
    firing: [[10, 20]],
    up: [
      [0, 20],
      [23, 120],
    ],
    expected: [[10, 20.5]],
  },
  {
    says: 'does not know the end of one that does not come back after a long outage',
    firing: [[10, 20]],
    up: [
      [0, 20],
      [40, 120],
    ],
    expected: [[10, 'unknown']],
  },
  { says: 'keeps an alert open while Prometheus is down', firing: [[10, 20]], up: [[0, 20]], expected: [[10, 'open']] },
  {
    says: 'takes outages a moment apart for one',
    firing: [
      [10, 20],
      [24, 30],
    ],
    up: [
      [0, 20],
      [22, 22.5],
      [24, 120],
    ],
    expected: [[10, 30.5]],
  },
  {
    says: 'lets gaps end alerts where up_selector finds nothing',
    firing: [
      [10, 20],
      [23, 30],
    ],
    up: [],
    expected: [
      [10, 20.5],
      [23, 30.5],
    ],
  },
  {
    says: 'follows an alert that a restart of Prometheus made pending again',
    firing: [
      [10, 20],
      [25, 30],
    ],
    active: [
      [5, 17, 5],
      [17.5, 30, 17.5],
    ],
    expected: [[10, 30.5]],
  },
  {
    says: 'ends one that was over while it was pending again',
    firing: [[10, 20]],
    active: [
      [5, 17, 5],
      [17.5, 22, 17.5],
    ],
    expected: [[10, 22.5]],
  },
  {
    says: 'ends an alert that is active all the time but does not fire',
    firing: [
      [10, 20],
      [25, 30],
    ],
    active: [[5, 30, 5]],
    expected: [
      [10, 20.5],
      [25, 30.5],
    ],
  },
  {
    says: 'does not know the start of what fires when the data begin',
    firing: [[0, 20]],
    expected: [[undefined, 20.5]],
  },
  {
    says: 'does not know the start of what was active before the data begin',
    firing: [[31, 40]],
    up: [[30.5, 120]],
    active: [[31, 40, 3]],
    expected: [[undefined, 40.5]],
  },
  {
    says: 'knows the start of what became active after that',
    firing: [[31, 40]],
    up: [[30, 120]],
    active: [[30.5, 40, 30.5]],
    expected: [[31, 40.5]],
  },
];

describe('following alerts through samples', () => {
  it.each(CASES)('$says', ({ expected, ...told }) => {
    expect(track(told)).toEqual(expected);
  });

  it.each(CASES)('$says, read in ranges of any length', ({ expected, ...told }) => {
    for (const every of [0.5, 1, 2.5, 7, 21]) {
      const cuts: number[] = [];
      for (let minute = every; minute < 120; minute += every) cuts.push(minute);

      expect([every, track({ ...told, cuts })]).toEqual([every, expected]);
    }
  });
});
