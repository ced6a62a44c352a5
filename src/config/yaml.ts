import { constructFromEvents, EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { ConfigError, type Path } from './problems.ts';

/** Deeper than any key of ours by far; a deeper document is a mistake. */
const DEPTH_MAX = 20;
/** Enough for an anchor used by each of many providers. */
const ALIASES_MAX = 100;

const EXPECTED = 'expected YAML 1.2, with quotes around values that hold ": " or begin with a sign';

/** One parsed document and where its parts stand. */
export interface ParsedYaml {
  readonly value: unknown;
  /** `line:column`, both from 1, of a key or list item; of the nearest part around it when it is not in the file. */
  readonly place: (path: Path) => string;
  /** Offset in the text that belongs to `place`. */
  readonly offset: (path: Path) => number;
}

/** Parses one YAML 1.2 document; throws ConfigError, without the snippet that js-yaml would show (it may hold secrets). */
export function parseYaml(text: string, filename: string): ParsedYaml {
  try {
    const events = parseEvents(text, { filename, maxDepth: DEPTH_MAX });
    const documents = constructFromEvents(events, { source: text, filename, maxAliases: ALIASES_MAX });
    if (documents.length > 1) throw new ConfigError([`${filename}: holds more than one YAML document; expected one`]);
    const offsets = locate(events, text);
    const offset = (path: Path) => nearest(offsets, path);
    return { value: documents[0] ?? null, offset, place: (path) => lineAndColumn(text, offset(path)) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const place = error.mark === undefined ? '' : `:${error.mark.line + 1}:${error.mark.column + 1}`;
    throw new ConfigError([`${filename}${place}: is not YAML: ${safeReason(error.reason)}; ${EXPECTED}`]);
  }
}

/** Some reasons quote a tag or an anchor, which may be an unquoted secret that begins with `!`, `*` or `&`. */
function safeReason(reason: string): string {
  return reason.replace(/ !<.*?>(?= |$)| ".*"|: .*$/gs, '');
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function nearest(offsets: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsets.get(JSON.stringify(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** A collection that is being read. */
interface Frame {
  readonly isMapping: boolean;
  readonly path: Path;
  /** Offset of the collection's own key or item. */
  readonly offset: number;
  itemsSeen: number;
  key?: { readonly text: string; readonly offset: number } | undefined;
}

/** The offset of each key (for what is in a mapping) and item (for what is in a list), by path as JSON. */
function locate(events: readonly Event[], text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const open: (Frame | undefined)[] = [];
  for (const event of events) {
    const parent = open.at(-1);
    if (event.type === EVENT_ID.POP) open.pop();
    else if (event.type === EVENT_ID.DOCUMENT) open.push(undefined);
    else if (parent?.isMapping && parent.key === undefined) parent.key = keyOf(event, text);
    else {
      const { path, offset } = step(parent, event);
      offsets.set(JSON.stringify(path), offset);
      const isMapping = event.type === EVENT_ID.MAPPING;
      if (isMapping || event.type === EVENT_ID.SEQUENCE) open.push({ isMapping, path, offset, itemsSeen: 0 });
    }
  }
  return offsets;
}

function keyOf(event: Event, text: string): { text: string; offset: number } {
  return { text: event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '', offset: startOf(event) };
}

function step(parent: Frame | undefined, event: Event): { path: Path; offset: number } {
  const start = startOf(event);
  if (parent === undefined) return { path: [], offset: Math.max(start, 0) };
  const { key } = parent;
  if (key !== undefined) {
    parent.key = undefined;
    return { path: [...parent.path, key.text], offset: key.offset < 0 ? parent.offset : key.offset };
  }
  parent.itemsSeen += 1;
  return { path: [...parent.path, parent.itemsSeen - 1], offset: start < 0 ? parent.offset : start };
}

/** -1 for a scalar without any text. */
function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : -1;
}
