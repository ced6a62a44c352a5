/** Invented people whom the fake sends along; nothing of them may arrive anywhere. */
export const CLOUDWATCH_PEOPLE = {
  name: 'Ada Byron',
  mail: 'ada.byron@example.com',
  login: 'ada-byron',
} as const;
