import type { InputError } from '../../model/input-error.ts';
import { invalidParameters, RequestProblem } from '../../server/responses.ts';

/** 400: the parameter that is wrong, or the request as a whole. */
export function toRequestProblem({ field, reason }: InputError): RequestProblem {
  return field === undefined ? new RequestProblem(400, reason) : invalidParameters([{ name: field, reason }]);
}
