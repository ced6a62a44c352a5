import { PEOPLE } from '../people.ts';

/** The people as this platform knows them. */
export const OPSGENIE_PEOPLE = [
  { id: 'b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4', name: PEOPLE[0].name, email: PEOPLE[0].email },
  { id: '4caaaa77-9222-4322-8622-d3522fbd7dda', name: PEOPLE[1].name, email: PEOPLE[1].email },
  { id: 'd68577f7-0d5c-4d4f-8b8c-5f2e2c0a7b11', name: PEOPLE[2].name, email: PEOPLE[2].email },
] as const;

/** The same person for the same number. */
export function personOf(number: number): (typeof OPSGENIE_PEOPLE)[number] {
  return OPSGENIE_PEOPLE[number % OPSGENIE_PEOPLE.length] ?? OPSGENIE_PEOPLE[0];
}
