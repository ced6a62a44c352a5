import { PEOPLE } from './people.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';

export const ARGOCD_FAKE_TOKEN = 'argocd-demo-token';

/** One sync of an application. */
export interface SimulatedSync {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly phase: 'Succeeded' | 'Failed' | 'Error';
  readonly revision: string;
}

export interface SimulatedApplication {
  readonly name: string;
  /** Of its destination. */
  readonly namespace: string;
  /** In order of time. */
  syncs: SimulatedSync[];
}

export interface ArgocdWorld {
  applications: SimulatedApplication[];
}

/** Argo CD keeps so many successes of an application. */
const HISTORY_MAX = 10;
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const error = (status: number, message: string): FakeAnswer => ({
  status,
  body: { error: message, code: 16, message },
});

/** Starts Argo CD on loopback: it keeps the last successes of an application, and its last operation. */
export function startArgocdFake(world: ArgocdWorld, options: FakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const answer = ({ headers, path }: SeenRequest): FakeAnswer => {
    if (headers.authorization !== `Bearer ${ARGOCD_FAKE_TOKEN}`) return error(401, 'invalid session');
    if (path !== '/api/v1/applications') return error(403, 'permission denied');
    return { status: 200, body: { metadata: {}, items: world.applications.map((one) => body(one, nowMs())) } };
  };
  return startFake({ answer, throttled: () => error(429, 'too many requests') }, options);
}

function body({ name, namespace, syncs }: SimulatedApplication, nowMs: number): unknown {
  const initiatedBy = { username: PEOPLE[0].login, automated: false };
  const started = syncs.filter(({ startedAtMs }) => startedAtMs <= nowMs);
  const history = started
    .map((sync, id) => ({ ...sync, id }))
    .filter(({ phase, endedAtMs }) => phase === 'Succeeded' && endedAtMs <= nowMs)
    .slice(-HISTORY_MAX)
    .map(({ id, revision, startedAtMs, endedAtMs }) => ({
      id,
      revision,
      deployStartedAt: iso(startedAtMs),
      deployedAt: iso(endedAtMs),
      initiatedBy,
    }));
  const last = started.at(-1);
  const isOver = last !== undefined && last.endedAtMs <= nowMs;
  return {
    metadata: { name, namespace: 'argocd' },
    spec: { project: 'default', destination: { server: 'https://kubernetes.default.svc', namespace } },
    status: {
      health: { status: 'Healthy' },
      history,
      ...(last && {
        operationState: {
          phase: isOver ? last.phase : 'Running',
          startedAt: iso(last.startedAtMs),
          ...(isOver && { finishedAt: iso(last.endedAtMs) }),
          operation: { initiatedBy },
          syncResult: { revision: last.revision },
          message: `by ${PEOPLE[0].name}`,
        },
      }),
    },
  };
}
