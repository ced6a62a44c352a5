/** One step into a record: a member, a position in a list, or the first of a list whose member has a value. */
type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'where'; readonly name: string; readonly value: string };

/** Where a value stands in a record: a column's name, or steps such as `service.summary` and `people[kind=team].id`. */
export interface Place {
  readonly text: string;
  readonly steps: readonly Step[];
}

const STEP = /([^.[\]]+)|\[([^=[\]]+)=([^[\]]*)\]/g;

/** A place by its text: dots between members, numbers for positions, `[member=value]` to choose from a list. */
export function placeOf(text: string): Place {
  const steps = [...text.matchAll(STEP)].map(([, name = '', member, value = '']): Step => {
    if (member !== undefined) return { kind: 'where', name: member, value };
    return /^\d+$/.test(name) ? { kind: 'element', index: Number(name) } : { kind: 'member', name };
  });
  return { text, steps };
}

/** The value at a place; undefined where there is none. A member that is called like the whole text goes first. */
export function valueAt(record: unknown, place: Place): unknown {
  if (Object.hasOwn(Object(record), place.text)) return memberOf(record, place.text);
  let value = record;
  for (const step of place.steps) value = stepInto(value, step);
  return value;
}

/** The record with nothing in it but what stands at these places. */
export function pickPlaces(record: unknown, places: readonly Place[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const place of places) {
    if (Object.hasOwn(Object(record), place.text)) picked[place.text] = memberOf(record, place.text);
    else mergeInto(picked, skeleton(record, place.steps));
  }
  return picked;
}

function stepInto(value: unknown, step: Step): unknown {
  if (step.kind === 'member') return memberOf(value, step.name);
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'element') return value[step.index];
  return value.find((one) => String(memberOf(one, step.name)) === step.value);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** The way to a value with nothing beside it; an element of a list is the only one of its list. */
function skeleton(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return value;
  const inner = stepInto(value, step);
  if (inner === undefined) return undefined;
  const below = skeleton(inner, rest);
  if (below === undefined) return undefined;
  if (step.kind === 'member') return { [step.name]: below };
  if (step.kind === 'element') return [below];
  return [{ [step.name]: step.value, ...Object(below) }];
}

function mergeInto(target: Record<string, unknown>, addition: unknown): void {
  for (const [key, value] of Object.entries(Object(addition))) {
    const known = target[key];
    if (isPlain(known) && isPlain(value)) mergeInto(known, value);
    else target[key] = value;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
