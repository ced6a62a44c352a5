import { describe } from 'vitest';
import { storeContract } from './contract.ts';
import { sqliteLocation } from './sqlite-location.ts';

describe('the SQLite store', () => {
  storeContract({ place: sqliteLocation });
});
