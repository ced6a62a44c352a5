import { statisticsSettings } from '../../core/settings.ts';
import type { ShownProvider } from '../../metrics/family.ts';
import { InputError } from '../../model/input-error.ts';
import { explain } from '../../report/explain/explain.ts';
import type { Explanation } from '../../report/explain/explanation.ts';
import { parseQuestion } from '../../report/explain/question.ts';
import type { ExplainQuestion } from '../../server/api/parameters.ts';
import type { IncidentsInput } from './incidents-response.ts';
import { toRequestProblem } from './input-problem.ts';

export interface ExplainInput extends IncidentsInput {
  readonly providers: readonly ShownProvider[];
}

/** What stands behind one number; the parameters mean what the flags of the command do. Throws a RequestProblem for a question that cannot be answered. */
export function explainResponse(input: ExplainInput, asked: ExplainQuestion): Explanation {
  const { config, history, providers, readers, nowMs } = input;
  try {
    return explain({
      question: parseQuestion(asked, { config, nowMs }),
      history,
      settings: statisticsSettings(config),
      providers,
      retentionMs: config.retentionMs,
      reader: (name) => readers.get(name),
    });
  } catch (error) {
    throw error instanceof InputError ? toRequestProblem(error) : error;
  }
}
