/** People of the invented account: sent wherever the platform sends people, so that tests can prove that they are dropped. */
export const OPSGENIE_PEOPLE = [
  { id: 'b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4', name: 'Ada Byron', email: 'ada.byron@example.com' },
  { id: '4caaaa77-9222-4322-8622-d3522fbd7dda', name: 'Grace Murray', email: 'grace.murray@example.com' },
  { id: 'd68577f7-0d5c-4d4f-8b8c-5f2e2c0a7b11', name: 'Edsger Wybe', email: 'edsger.wybe@example.com' },
] as const;

/** The same person for the same number. */
export function personOf(number: number): (typeof OPSGENIE_PEOPLE)[number] {
  return OPSGENIE_PEOPLE[number % OPSGENIE_PEOPLE.length] ?? OPSGENIE_PEOPLE[0];
}
