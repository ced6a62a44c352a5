import { QuestionError } from '../report/explain/question.ts';
import { UnknownName } from '../report/filter.ts';
import { BeforeHistory } from '../report/notes.ts';
import { PeriodError } from '../report/period.ts';
import { WrongUse } from './command.ts';

/** What was typed is wrong: a WrongUse that says so (of a period with its flag); anything else is given back as it is. */
export function wrongUseOf(error: unknown): unknown {
  if (error instanceof PeriodError) return new WrongUse(`--${error.message}`, { cause: error });
  if (error instanceof QuestionError || error instanceof UnknownName || error instanceof BeforeHistory) {
    return new WrongUse(error.message, { cause: error });
  }
  return error;
}
