import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectFormat, type Format, type Row } from '../../src/imports/file-format.ts';
import { readRows } from '../../src/imports/importing.ts';
import { type Field, parseFieldPath, toMapping } from '../../src/imports/mapping.ts';

const NONE: readonly Field[] = [];

/** Reads text that comes in pieces of so many bytes. */
async function read(
  format: Format,
  text: string | Buffer,
  { size = 7, wanted = ['id', 'title'], requiredFields = NONE, conditions = {} } = {},
) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  const unread = new Set<string>();
  const rows: Row[] = [];
  const mapping = { ...toMapping('own.yml', { title: wanted }), requiredFields, ...conditions };
  for await (const row of readRows({ format, stream: Readable.from(pieces), mapping, unread })) rows.push(row);
  return { rows, unread: [...unread] };
}

describe('a file of lines', () => {
  it('has one record per line, with any line ending, and reports lines that are not records', async () => {
    const { rows, unread } = await read('ndjson', '\ufeff{"id":"ä1","by":"Ada"}\r\n\r\nno\n[1]\n{"id":"2"}');

    expect(rows).toEqual([
      { line: 1, record: { id: 'ä1', by: 'Ada' } },
      { line: 3, problem: 'is not JSON; expected one object' },
      { line: 4, problem: 'is JSON, but not an object' },
      { line: 5, record: { id: '2' } },
    ]);
    expect(unread).toEqual(['by']);
  });

  it('with a line that never ends is refused before it fills memory', async () => {
    await expect(read('ndjson', `{"id":"${'x'.repeat(1_100_000)}`, { size: 60_000 })).rejects.toThrow(
      'a line of more than 1000000 characters',
    );
  });
});

it('half of a surrogate pair is replaced', async () => {
  const { rows } = await read('ndjson', String.raw`{"id":"1","title":"down \ud83d"}`);

  expect(rows).toEqual([{ line: 1, record: { id: '1', title: 'down \ufffd' } }]);
});

describe('a file that is no UTF-8', () => {
  it.each(['ndjson', 'json', 'csv'] as const)('in an unknown encoding is refused (%s)', async (format) => {
    const latin = Buffer.concat([Buffer.from('id,title\n1,caf'), Buffer.from([0xe9, 0x0a])]);

    await expect(read(format, latin)).rejects.toThrow('is not valid UTF-8; expected a text file saved as UTF-8');
  });

  it.each([
    ['little', [0xff, 0xfe], (bytes: Buffer) => bytes],
    ['big', [0xfe, 0xff], (bytes: Buffer) => bytes.swap16()],
  ] as const)('is read where its first bytes say that it is UTF-16, the %s end first', async (_says, mark, order) => {
    const text = order(Buffer.from('id,title\r\n1,café ഊ\r\n', 'utf16le'));

    const { rows } = await read('csv', Buffer.concat([Buffer.from(mark), text]), { size: 3 });

    expect(rows).toEqual([{ line: 2, record: { id: '1', title: 'café ഊ' } }]);
  });
});

describe('a gzip file', () => {
  it.each([1, 7, 1000])('is unpacked, in chunks of %i bytes', async (size) => {
    const { rows } = await read('csv', gzipSync('id,title\n1,a\n2,b\n'), { size });

    expect(rows.map((row) => 'record' in row && row.record)).toEqual([
      { id: '1', title: 'a' },
      { id: '2', title: 'b' },
    ]);
  });

  it('that is damaged is refused', async () => {
    const cut = gzipSync('id,title\n1,a\n').subarray(0, 25);

    await expect(read('csv', cut)).rejects.toThrow('is not a valid gzip file: unexpected end of file');
  });
});

describe('a file of JSON', () => {
  it.each([
    ['a list', '[{"id":"1"},\n{"id":"2"}]'],
    ['a page of an API', '{"limit":2,"tags":["x"],"incidents":[{"id":"1"},\n{"id":"2"}],"more":false}'],
    ['pages after each other', '{"data":[{"id":"1"}]}\n{"data":[{"id":"2"}],"paging":{"next":"[{"}}'],
    ['lists after each other', '[{"id":"1"}]\n[{"id":"2"}]'],
  ])('may be %s', async (_says, text) => {
    const { rows } = await read('json', text);

    expect(rows).toEqual([
      { line: 1, recordNumber: 1, record: { id: '1' } },
      { line: 2, recordNumber: 2, record: { id: '2' } },
    ]);
  });

  it.each([
    '{"incident":{"id":"1","service":{"id":"no"}},"meta":{"id":"no"}}',
    '{"took":0.1,"data":{"id":"1","service":{"id":"no"}},"links":[{"id":"no"}]}',
  ])('may be the response for a single incident (%s)', async (text) => {
    const { rows } = await read('json', text);

    expect(rows).toEqual([{ line: 1, recordNumber: 1, record: { id: '1', service: { id: 'no' } } }]);
  });

  it('ignores other lists', async () => {
    const { rows } = await read('json', '{"errors":[{"id":"no"}],"issues":[{"id":"1","labels":[{"id":"no"}]}]}');

    expect(rows).toEqual([{ line: 1, recordNumber: 1, record: { id: '1', labels: [{ id: 'no' }] } }]);
  });

  it.each([
    ['[{"id":"1"},{"id":', 'ends in the middle of a JSON document'],
    ['{"id":"1"}', 'contains no list of records'],
    ['', 'contains no list of records'],
    ['[{"id":"1"}]]', 'unexpected ] in line 1'],
    ['[{"id":"1"]', 'unexpected ] in line 1'],
  ])('with the text %j is refused', async (text, message) => {
    await expect(read('json', text)).rejects.toThrow(message);
  });

  it('is read the same in chunks of any size and with any whitespace', async () => {
    const value = fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(value, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (records, size, isPretty) => {
        const text = JSON.stringify({ name: '"[{', records }, null, isPretty ? 2 : 0);

        const { rows } = await read('json', text, { size });

        expect(rows.map((row) => 'record' in row && row.record)).toEqual(JSON.parse(JSON.stringify(records)));
      }),
    );
  });
});

describe('a table', () => {
  it.each(['\n', '\r\n'])('counts lines with any line ending, in quotes too (%j)', async (end) => {
    const { rows } = await read('csv', ['id,title', '1,"two', 'lines"', '2,x', '3', ''].join(end), { size: 1 });

    expect(rows.toSorted((a, b) => a.line - b.line)).toEqual([
      { line: 3, record: { id: '1', title: 'two\nlines' } },
      { line: 4, record: { id: '2', title: 'x' } },
      { line: 5, problem: expect.stringContaining('is not a row of this table') },
    ]);
  });

  it('gives the wanted columns under the names of the mapping and drops the others', async () => {
    const { rows, unread } = await read(
      'csv',
      '\ufeffID,Reporter,"TITLE ",Title\n1,Ada,"two\nlines",\n2,Ada,"say ""no""",x\n',
    );

    expect(rows).toEqual([
      { line: 3, record: { id: '1', title: ['two\nlines', ''] } },
      { line: 4, record: { id: '2', title: ['say "no"', 'x'] } },
    ]);
    expect(unread).toEqual(['Reporter']);
  });

  it.each([
    ['semicolons', 'id;title\n1;"a;b"\n', 'a;b'],
    ['tabs', 'id\ttitle\n1\ta,b\n', 'a,b'],
    ['commas, with semicolons in its text', 'id,title\n1,a;b;c;d\n', 'a;b;c;d'],
  ])('may be separated by %s', async (_says, text, title) => {
    const { rows } = await read('csv', text);

    expect(rows).toEqual([{ line: 2, record: { id: '1', title } }]);
  });

  it('reports rows with too many or too few cells, and continues', async () => {
    const { rows } = await read('csv', 'id,title\n1\n2,b\n\n3,c,d\n4,say "no" twice\n');

    const problems = rows.flatMap((row) => ('problem' in row ? [row.line] : []));
    const ids = rows.flatMap((row) => ('record' in row ? [row.record] : []));
    expect(problems).toEqual([2, 5]);
    expect(ids).toEqual([
      { id: '2', title: 'b' },
      { id: '4', title: 'say "no" twice' },
    ]);
  });

  it.each([
    ['a quote that is never closed', 'id,title\n1,a\n"2,b\n3,c\n', 'a quote is never closed (line'],
    ['a row without an end', `id,title\n1,"${'x\n'.repeat(600_000)}`, 'a row never ends (line'],
  ])('with %s is refused', async (_says, text, message) => {
    await expect(read('csv', text, { size: 60_000 })).rejects.toThrow(message);
  });

  it('may have a header only, or nothing', async () => {
    expect((await read('csv', 'id,title\n')).rows).toEqual([]);
    expect((await read('csv', '')).rows).toEqual([]);
  });
});

describe('a column that a person mapped', () => {
  const required = { wanted: ['titel', 'headline'], requiredFields: ['title'] as const };

  it.each([
    ['csv', 'Number,Title\n1,a\n', 'Number, Title'],
    ['ndjson', '{"Number":1,"Title":"a"}\n', 'Number, Title'],
    ['json', '[{"Number":1},{"Title":"a"}]', 'Number, Title'],
  ] as const)('must be in the file (%s)', async (format, text, columns) => {
    const message = `no row has titel or headline, which own.yml names for title; expected one of the columns ${columns}`;

    await expect(read(format, text, required)).rejects.toThrow(message);
  });

  it.each(['where', 'skip'] as const)('must be in the file for %s', async (key) => {
    const conditions = { [key]: [{ path: parseFieldPath('Type'), values: ['incident'] }] };

    await expect(read('csv', 'id,title\n1,a\n', { conditions })).rejects.toThrow(
      `no row has Type, which own.yml names for ${key}; expected one of the columns id, title`,
    );
  });

  it('may be one of several, in some rows only, and missing from a file without rows', async () => {
    const some = await read('ndjson', '{"Number":1}\n{"headline":"a"}\n', required);
    const none = await read('csv', 'Number,Title\n', required);

    expect(some.rows).toHaveLength(2);
    expect(none.rows).toEqual([]);
  });
});

describe('the name of a file', () => {
  it.each([
    ['a.ndjson', 'ndjson'],
    ['a.b.JSONL', 'ndjson'],
    ['a.json', 'json'],
    ['/x.y/a.csv', 'csv'],
    ['a.tsv', 'csv'],
    ['a.csv.gz', 'csv'],
    ['a.NDJSON.GZ', 'ndjson'],
    ['a.txt', 'csv'],
    ['a.gz', undefined],
    ['csv', undefined],
  ])('%s means the format %s', (name, format) => {
    expect(detectFormat(name)).toBe(format);
  });
});
