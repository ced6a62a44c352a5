import { createBreath } from '../../model/breath.ts';

/** JSON of an object in UTF-8; long lists in it are written item by item, in slices that let others run. */
export async function serialise(answer: object): Promise<Buffer> {
  const breathe = createBreath();
  const slices: Buffer[] = [];
  let texts: string[] = [];
  const endSlice = () => {
    slices.push(Buffer.from(texts.join('')));
    texts = [];
  };
  for (const text of piecesOf(answer)) {
    texts.push(text);
    const pause = breathe();
    if (pause === undefined) continue;
    endSlice();
    await pause;
  }
  endSlice();
  return Buffer.concat(slices);
}

function* piecesOf(answer: object): Generator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* itemsOf(value);
    else yield JSON.stringify(value);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

function* itemsOf(list: readonly unknown[]): Generator<string> {
  for (const [at, item] of list.entries()) yield `${at === 0 ? '[' : ','}${JSON.stringify(item)}`;
  yield list.length === 0 ? '[]' : ']';
}
