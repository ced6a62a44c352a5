import type { WrittenSample, WrittenSeries } from './message.ts';

/** Some 200 kB before compression: far below what receivers refuse, and enough that the way there and back weighs little. */
const SAMPLES_PER_REQUEST = 10_000;

/** Puts series together until a request is full; a series that does not fit goes on in the next one, so its samples stay in order. */
export function* batchesOf(
  series: Iterable<WrittenSeries>,
  samplesMax: number = SAMPLES_PER_REQUEST,
): Generator<readonly WrittenSeries[]> {
  let batch: WrittenSeries[] = [];
  let room = samplesMax;
  for (const { labels, samples } of series) {
    for (let from = 0; from < samples.length; ) {
      const part: readonly WrittenSample[] = samples.slice(from, from + room);
      batch.push({ labels, samples: part });
      from += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield batch;
      batch = [];
      room = samplesMax;
    }
  }
  if (batch.length > 0) yield batch;
}
