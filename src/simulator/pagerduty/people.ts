import { PEOPLE } from '../people.ts';

/** The people as this platform knows them. */
export const PAGERDUTY_PEOPLE = [
  { id: 'PUSR001', name: PEOPLE[0].name, email: PEOPLE[0].email },
  { id: 'PUSR002', name: PEOPLE[1].name, email: PEOPLE[1].email },
  { id: 'PUSR003', name: PEOPLE[2].name, email: PEOPLE[2].email },
] as const;

/** The same person for the same number, as a reference with everything the platform lets out about people. */
export function personReference(number: number) {
  const person = PAGERDUTY_PEOPLE[number % PAGERDUTY_PEOPLE.length] ?? PAGERDUTY_PEOPLE[0];
  return {
    id: person.id,
    type: 'user_reference',
    summary: person.name,
    name: person.name,
    email: person.email,
    self: `https://api.pagerduty.com/users/${person.id}`,
    html_url: `https://acme.pagerduty.com/users/${person.id}`,
  };
}
