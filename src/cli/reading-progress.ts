import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import type { Incident } from '../model/incident.ts';
import type { Output } from './command.ts';

/** Shows how far the platforms were read; silent unless a person looks at the output. */
export interface ReadingProgress {
  /** A page of a provider was read. */
  read(provider: string, page: ReadPage): void;
  /** Bars are filled to their end only where everything was read. */
  end(result: { readonly isComplete: boolean }): void;
}

/** What counts of a page that was read. */
export interface ReadPage {
  readonly incidents: readonly Pick<Incident, 'id' | 'triggeredAtMs'>[];
}

export interface ProgressInput {
  readonly output: Output;
  readonly isQuiet: boolean;
  readonly nowMs: number;
  /** How far back the platforms are asked. */
  readonly historyMs: number;
}

const SILENT: ReadingProgress = { read: () => undefined, end: () => undefined };
/** Characters of a terminal that does not tell its width. */
const COLUMNS = 80;
const FORMAT = '{provider} [{bar}] {percentage}% of the history, {incidents} incidents';

/** One bar for each provider that has been heard of; it grows with the days whose incidents were seen. */
export function createReadingProgress({ output, isQuiet, nowMs, historyMs }: ProgressInput): ReadingProgress {
  if (isQuiet || output.isTTY !== true) return SILENT;
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        output.write(String(chunk));
        done();
      },
    }),
    { isTTY: true, columns: output.columns ?? COLUMNS },
  );
  const bars = new cliProgress.MultiBar({ stream, format: FORMAT, gracefulExit: false });
  const seen = new Map<string, Seen>();
  return {
    read: (provider, { incidents }) => {
      const one = seen.get(provider) ?? { bar: bars.create(1, 0, { provider, incidents: 0 }), days: new Days() };
      seen.set(provider, one);
      one.days.add(incidents);
      const share = Math.min(1, one.days.spanMs(nowMs) / historyMs);
      one.bar.update(share, { incidents: one.days.ids.size });
    },
    end: ({ isComplete }) => {
      if (isComplete) for (const { bar } of seen.values()) bar.update(1);
      bars.stop();
    },
  };
}

interface Seen {
  readonly bar: cliProgress.SingleBar;
  readonly days: Days;
}

/** The stretch between the earliest and the latest incident; platforms are read in either direction. */
class Days {
  /** An incident is told more than once: its events come later. */
  readonly ids = new Set<string>();
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  add(incidents: ReadPage['incidents']): void {
    for (const { id, triggeredAtMs } of incidents) {
      this.ids.add(id);
      this.#fromMs = Math.min(this.#fromMs, triggeredAtMs);
      this.#toMs = Math.max(this.#toMs, triggeredAtMs);
    }
  }

  spanMs(nowMs: number): number {
    return this.ids.size === 0 ? 0 : Math.min(this.#toMs, nowMs) - this.#fromMs;
  }
}
