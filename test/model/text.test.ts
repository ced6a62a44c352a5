import { expect, it } from 'vitest';
import { parseJson, parseRecordJson } from '../../src/model/text.ts';

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

it('ids that a number cannot hold stay apart, and other numbers stay numbers', () => {
  const value = parseRecordJson(
    '[{"id":12345678901234567890},{"id":12345678901234567891},9007199254740991,0.5000000000000001,1e20]',
  );

  expect(value).toEqual([
    { id: '12345678901234567890' },
    { id: '12345678901234567891' },
    9_007_199_254_740_991,
    0.500_000_000_000_000_1,
    1e20,
  ]);
  expect(parseRecordJson(String.raw`["\ud83d",1234567890123456]`)).toEqual(['�', 1_234_567_890_123_456]);
});
