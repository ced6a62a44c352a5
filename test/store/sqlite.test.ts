import { describe } from 'vitest';
import { storeContract } from './contract.ts';
import { sqlitePlace } from './sqlite-place.ts';

describe('the SQLite store', () => {
  storeContract({ place: sqlitePlace });
});
