import { z } from 'zod';
import { formatAlternatives } from '../model/text.ts';

/** A mapping with these keys and no others; its errors say which keys there are. */
export function strictMapping<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const unknownKey = `is no key here; expected ${formatAlternatives(Object.keys(shape))}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? unknownKey : 'is no mapping; expected keys with values'),
  });
}
