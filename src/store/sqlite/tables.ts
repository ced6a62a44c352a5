import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Cell } from '../incident-row.ts';

/** The cells of a row by column. */
type Cells = Readonly<Record<string, Cell>>;

/** The tables of a database; a statement is prepared when it is first needed, once. */
export interface Tables {
  readonly prepare: (sql: string) => StatementSync;
  /** Writes a row; it takes the place of the row with the same `keys`, and without keys such a row is an error. */
  readonly put: (table: string, cells: Cells, keys?: readonly string[]) => void;
  /** Deletes the rows with these cells. */
  readonly remove: (table: string, cells: Cells) => void;
}

export function openTables(database: DatabaseSync): Tables {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  // Putting the text together costs more than looking it up: tens of rows are written with each commit.
  const putTexts = new Map<string, string>();
  const putText = (table: string, columns: readonly string[], keys: readonly string[]) => {
    const key = `${table} ${columns.join(' ')}`;
    const text = putTexts.get(key) ?? putSql(table, columns, keys);
    putTexts.set(key, text);
    return text;
  };
  return {
    prepare,
    put: (table, cells, keys = []) => {
      prepare(putText(table, Object.keys(cells), keys)).run(...Object.values(cells));
    },
    remove: (table, cells) => {
      const condition = Object.keys(cells).map((column) => `${column} = ?`);
      prepare(`DELETE FROM ${table} WHERE ${condition.join(' AND ')}`).run(...Object.values(cells));
    },
  };
}

/** The statement that writes one row of these columns (see `Tables.put`). */
export function putSql(table: string, columns: readonly string[], keys: readonly string[]): string {
  const insert = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  if (keys.length === 0) return insert;
  const others = columns.filter((column) => !keys.includes(column)).map((column) => `${column} = excluded.${column}`);
  const change = others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.join(', ')}`;
  return `${insert} ON CONFLICT (${keys.join(', ')}) DO ${change}`;
}
