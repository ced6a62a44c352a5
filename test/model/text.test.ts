import { expect, it } from 'vitest';
import { parseJson } from '../../src/model/text.ts';

it.each([
  ['the first half of a character', String.raw`{"title":"down \ud83d"}`, { title: 'down \ufffd' }],
  ['the second half of one', String.raw`["\uDD25 down"]`, ['\ufffd down']],
  ['halves in the wrong order', String.raw`["\udd25\ud83d"]`, ['\ufffd\ufffd']],
  ['a whole character', String.raw`["\ud83d\udd25"]`, ['🔥']],
  ['a text that spells an escape', String.raw`["\\ud83d"]`, [String.raw`\ud83d`]],
  ['nothing of that kind', '{"a":[1,null,"ä"]}', { a: [1, null, 'ä'] }],
])('what UTF-8 cannot hold is replaced: %s', (_says, text, expected) => {
  const value = parseJson(text);

  expect(value).toEqual(expected);
});

it('a member called __proto__ stays a member', () => {
  const value = parseJson(String.raw`{"__proto__":"\ud83d"}`);

  expect(Object.entries(Object(value))).toEqual([['__proto__', '\ufffd']]);
});
