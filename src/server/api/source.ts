import type { Explanation } from '../../report/explain/explanation.ts';
import type { IncidentsAnswer, RefreshAnswer, StatisticsAnswer, StatusAnswer } from './answers.ts';
import type { ExplainQuestion, IncidentsQuestion, RefreshRequest, StatisticsQuestion } from './parameters.ts';

/**
 * Where the answers of the API come from. What cannot be answered is thrown as RequestProblem; work that takes long is done in
 * slices that let others run.
 */
export interface ApiSource {
  /** Opens the endpoints that change something; without one they are closed. Asked on each request. */
  readonly adminToken: () => string | undefined;
  readonly status: () => StatusAnswer;
  readonly statistics: (question: StatisticsQuestion) => Promise<StatisticsAnswer>;
  readonly incidents: (question: IncidentsQuestion) => Promise<IncidentsAnswer>;
  readonly explain: (question: ExplainQuestion) => Promise<Explanation>;
  readonly config: () => Record<string, unknown>;
  readonly refresh: (request: RefreshRequest) => Promise<RefreshAnswer>;
}
