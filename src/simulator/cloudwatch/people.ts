import { PEOPLE } from '../people.ts';

const [{ name, email, login }] = PEOPLE;

/** Who is in charge of all alarms. */
export const CLOUDWATCH_PEOPLE = { name, mail: email, login } as const;
