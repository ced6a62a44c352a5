import { type RemoteWriter, toBatches } from '../../http/remote-write.ts';
import { messageOf } from '../../model/error-message.ts';
import { type Written, writeDay } from './files.ts';
import type { PastFamily } from './table.ts';
import { writtenSeries } from './written-series.ts';

/** What one day has to tell. */
export interface Day {
  readonly families: readonly PastFamily[];
  /** Ascending. */
  readonly instantsMs: readonly number[];
}

/** Takes the samples of one day; days come in order. */
export type Sink = (day: Day) => Promise<void>;

/** One file for each day that has samples. */
export function createFileSink(folder: string, written: Written[]): Sink {
  return async (day) => {
    if (day.families.length > 0) written.push(writeDay(folder, day));
  };
}

/** What receivers say of samples that are older than what they take. */
const TOO_OLD = /out[ -]of[ -]order|out of bounds|too old/i;
const TOO_OLD_HINT =
  'Prometheus takes samples of the past only with storage.tsdb.out_of_order_time_window in its configuration, ' +
  'Mimir with its limit out_of_order_time_window; set it to more than the age of the first sample';

/** A receiver of remote write: one request after the other, so that each series stays in order. */
export function createPushSink(writer: RemoteWriter): Sink {
  let taken = 0;
  const { signal } = new AbortController();
  return async ({ families, instantsMs }) => {
    for (const batch of toBatches(writtenSeries(families, instantsMs))) {
      try {
        await writer.write(batch, signal);
      } catch (error) {
        const hint = TOO_OLD.test(messageOf(error)) ? `; ${TOO_OLD_HINT}` : '';
        const before = `${taken} samples were taken before; to send them again does no harm`;
        throw new Error(`--remote-write: ${messageOf(error)}${hint}; ${before}`, { cause: error });
      }
      taken += batch.reduce((sum, { samples }) => sum + samples.length, 0);
    }
  };
}
