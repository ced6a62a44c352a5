/** The invented people of all fakes: sent wherever a platform sends people, so that tests can prove that they are dropped. */
export const PEOPLE = [
  { name: 'Ada Byron', email: 'ada.byron@example.com', login: 'ada-byron' },
  { name: 'Grace Murray', email: 'grace.murray@example.com', login: 'grace-murray' },
  { name: 'Edsger Wybe', email: 'edsger.wybe@example.com', login: 'edsger-wybe' },
] as const;
