import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const Operation = z.object({ responses: z.record(z.string(), z.object({ content })) });
const Document = z.object({
  servers: z.tuple([z.object({ url: z.string() })]),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

/** What was asked and what came. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** The path itself, or the template that it fits. */
function findPath<Item>(paths: Readonly<Record<string, Item>>, path: string): Item | undefined {
  const fits = (template: string) =>
    new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  return paths[path] ?? Object.entries(paths).find(([template]) => fits(template))?.[1];
}

/** Why an answer is not what the document promises; empty when it is. */
export function whyNotAsPromised(document: unknown, answered: Answered): string[] {
  const { paths, servers, components } = Document.parse(document);
  const { method, status, body } = answered;
  const path = new URL(answered.path, 'http://any').pathname.replace(servers[0].url, '');
  const operation = findPath(paths, path)?.[method.toLowerCase()];
  // A path or a method that there is not is answered by a problem document all the same.
  const promised =
    operation === undefined ? undefined : (operation.responses[status] ?? operation.responses['default']);
  const [type = ''] = (answered.type ?? '').split(';');
  const schema = operation === undefined ? { $ref: '#/components/schemas/Problem' } : promised?.content[type]?.schema;
  if (schema === undefined) return [`${method} ${path} promises no ${type} with ${status}`];
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile({ ...schema, components });
  return validate(body) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''}`);
}
