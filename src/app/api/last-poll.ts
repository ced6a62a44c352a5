import { formatIsoTime } from '../../model/format.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { Transcript, TranscriptLine } from '../../poller/transcript.ts';
import type { LastPollResponse } from '../../server/api/schemas.ts';

/** The transcript for programs: times in ISO 8601, durations in seconds. */
export function toLastPollResponse(provider: string, transcript: Transcript | undefined): LastPollResponse {
  if (transcript === undefined) return { provider, state: 'pending', lines: [], omitted_lines: 0 };
  const { state, startedAtMs, durationMs, error, lines, omitted } = transcript;
  return {
    provider,
    state,
    started_at: formatIsoTime(startedAtMs),
    duration_seconds: toSeconds(durationMs),
    error,
    lines: lines.map(toLine),
    omitted_lines: omitted,
  };
}

function toLine(line: TranscriptLine): LastPollResponse['lines'][number] {
  const after = toSeconds(line.afterMs);
  switch (line.event) {
    case 'begin': {
      const { event, poll, untilMs, historyStartMs } = line;
      const times = { until: formatIsoTime(untilMs), history_start: formatIsoTime(historyStartMs) };
      return { after_seconds: after, event, poll, ...times };
    }
    case 'request': {
      const { event, code } = line;
      const { waitMs, durationMs, ...request } = line.request;
      const times = { wait_seconds: toSeconds(waitMs), duration_seconds: toSeconds(durationMs) };
      return { after_seconds: after, event, code, ...request, ...times };
    }
    case 'page': {
      const { incidents, stateChanges, deleted, rejected, isLast } = line.counts;
      const counts = { incidents, state_changes: stateChanges, deleted, rejected };
      return { after_seconds: after, event: line.event, ...counts, last: isLast };
    }
    case 'commit': {
      const { added, ...counts } = line.counts;
      return { after_seconds: after, event: line.event, new: added, ...counts };
    }
    case 'clock':
      return { after_seconds: after, event: line.event, skew_seconds: line.skewMs / SECOND_MS };
  }
}

/** To the millisecond; a clock that was set back took no time. */
function toSeconds(ms: number): number {
  return Math.max(0, Math.round(ms)) / SECOND_MS;
}
