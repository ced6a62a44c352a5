import { InputError } from '../model/input-error.ts';
import { WrongUse } from './command.ts';

/** What was typed is wrong: a WrongUse that names its flag; anything else is given back as it is. */
export function wrongUseOf(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const { field, reason } = error;
  return new WrongUse(field === undefined ? reason : `${flagOf(field)}: ${reason}`, { cause: error });
}

/** A series is a word of `explain`, not a flag. */
function flagOf(field: string): string {
  return field === 'series' ? field : `--${field}`;
}
