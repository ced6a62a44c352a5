import { createBreath } from '../../model/breath.ts';

/** JSON of an object; long lists in it are written item by item, in slices that let others run. */
export async function serialise(answer: object): Promise<string> {
  const breathe = createBreath();
  const fields: string[] = [];
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue;
    if (!Array.isArray(value)) {
      fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
      continue;
    }
    const items: string[] = [];
    for (const item of value) {
      items.push(JSON.stringify(item));
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
    fields.push(`${JSON.stringify(name)}:[${items.join(',')}]`);
  }
  return `{${fields.join(',')}}`;
}
