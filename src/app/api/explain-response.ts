import type { Config } from '../../config/types.ts';
import { statisticsSettings } from '../../core/settings.ts';
import type { ShownProvider } from '../../metrics/family.ts';
import { explain } from '../../report/explain/explain.ts';
import type { Explanation } from '../../report/explain/explanation.ts';
import type { ExplainQuestion } from '../../server/api/parameters.ts';
import { RequestProblem, wrongParameters } from '../../server/api/problem.ts';
import { WrongUse } from '../command.ts';
import { questionAsked } from '../explain.ts';
import { wrongUseOf } from '../wrong-use.ts';
import type { IncidentsInput } from './incidents-answer.ts';

export interface ExplainInput extends IncidentsInput {
  readonly providers: readonly ShownProvider[];
}

/** What stands behind one number; the parameters mean what the flags of the command do. Throws a RequestProblem for a question that cannot be answered. */
export async function explainAnswer(input: ExplainInput, asked: ExplainQuestion): Promise<Explanation> {
  const { config, history, providers, readers } = input;
  try {
    const question = questionOf(input, asked);
    const settings = statisticsSettings(config);
    const { retentionMs } = config;
    return await explain({
      question,
      history,
      settings,
      providers,
      retentionMs,
      reader: (name) => readers.get(name),
    });
  } catch (error) {
    const wrong = wrongUseOf(error);
    throw wrong instanceof WrongUse ? problemOf(wrong) : wrong;
  }
}

function questionOf({ config, nowMs }: { config: Config; nowMs: number }, asked: ExplainQuestion) {
  const { series, limit, ...flags } = asked;
  const values = { ...flags, limit: String(limit), output: 'json', quiet: true } as const;
  return questionAsked(values, series === undefined ? [] : [series], { config, nowMs });
}

/** The command names a flag where one is wrong. */
function problemOf({ message }: WrongUse): RequestProblem {
  const [, name, reason] = /^--(\w+):? (.+)$/s.exec(message) ?? [];
  if (name === undefined || reason === undefined) return new RequestProblem(400, message.replaceAll(' --', ' '));
  return wrongParameters([{ name, reason: reason.replaceAll('--', '') }]);
}
