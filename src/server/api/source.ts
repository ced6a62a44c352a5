import type { RefreshAnswer, StatusAnswer } from './answers.ts';
import type { ExplainQuestion, IncidentsQuestion, RefreshRequest, StatisticsQuestion } from './parameters.ts';

/**
 * Where the answers of the API come from. What cannot be answered is thrown as RequestProblem. Answers that may be large
 * come as JSON in UTF-8, written where putting them together holds up nobody.
 */
export interface ApiSource {
  /** Opens the endpoints that change something; without one they are closed. Asked on each request. */
  readonly adminToken: () => string | undefined;
  readonly status: () => Promise<StatusAnswer>;
  readonly statistics: (question: StatisticsQuestion) => Promise<Buffer>;
  readonly incidents: (question: IncidentsQuestion) => Promise<Buffer>;
  readonly explain: (question: ExplainQuestion) => Promise<Buffer>;
  readonly config: () => Record<string, unknown>;
  readonly refresh: (request: RefreshRequest) => Promise<RefreshAnswer>;
}
