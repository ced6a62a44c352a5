import { existsSync, readFileSync } from 'node:fs';

const MODEL = new URL('../../../shared/contracts/specs/aws-cloudwatch-2010-08-01.service-2.json', import.meta.url);
/** The model is kept outside the repository; what needs it is skipped, and said so, where it is absent. */
export const isModelThere = existsSync(MODEL);
if (!isModelThere)
  console.warn('the model of CloudWatch is not there (../shared/contracts/specs): its check is skipped');

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

const { shapes } = JSON.parse(isModelThere ? readFileSync(MODEL, 'utf8') : '{"shapes":{}}') as {
  shapes: Record<string, Shape>;
};

/** What is wrong with a value, each with the place where it is; `name` is a shape of the model. */
export function faults(value: unknown, name: string, at: string): string[] {
  const shape = shapes[name];
  if (shape === undefined) return [`${at}: no shape ${name}`];
  if (shape.type === 'structure') return structureFaults(value, shape, at);
  if (shape.type === 'list') {
    if (!Array.isArray(value)) return [`${at}: not a list`];
    return value.flatMap((one, index) => faults(one, shape.member?.shape ?? '', `${at}[${index}]`));
  }
  if (shape.type === 'string') {
    const ok = typeof value === 'string' && value.length <= (shape.max ?? Number.POSITIVE_INFINITY);
    return ok && (shape.enum?.includes(value) ?? true) ? [] : [`${at}: not a ${name}`];
  }
  const type = shape.type === 'boolean' ? 'boolean' : 'number';
  return typeof value === type ? [] : [`${at}: not a ${shape.type}`];
}

function structureFaults(value: unknown, shape: Shape, at: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${at}: not a structure`];
  const missing = (shape.required ?? []).filter((name) => !(name in value)).map((name) => `${at}: no ${name}`);
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    const member = shape.members?.[name];
    return member === undefined ? [`${at}: unknown member ${name}`] : faults(one, member.shape, `${at}.${name}`);
  });
  return [...missing, ...wrong];
}
