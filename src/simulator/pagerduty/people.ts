/** People of the invented account: sent wherever the platform sends people, so that tests can prove that they are dropped. */
export const PAGERDUTY_PEOPLE = [
  { id: 'PUSR001', name: 'Ada Byron', email: 'ada.byron@example.com' },
  { id: 'PUSR002', name: 'Grace Murray', email: 'grace.murray@example.com' },
  { id: 'PUSR003', name: 'Edsger Wybe', email: 'edsger.wybe@example.com' },
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
