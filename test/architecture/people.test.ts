import { describe, expect, it } from 'vitest';
import { type Source, sourcesBelow, withoutComments } from './sources.ts';

/** Words for a person that an incident platform's field may have; compared with the parts of an identifier. */
const PEOPLE = new Set(
  `assignee assignees assigner assignment assignments acknowledger acknowledgers author authors committer committers
   email emails mail login user users username usernames responder requester creator reporter operator
   participant participants contact contacts surname nickname`.split(/\s+/),
);
/** Identifiers that say who did something. */
const BY_WHOM =
  /^(assigned|acknowledged|resolved|closed|opened|created|updated|triggered|snoozed|last_?changed)_?(by|to)$/i;
/** An owner may be a team, if the identifier says so. */
const OWNER = /^owners?$|^owner_?(?!team)/i;
/** A list of teams, whatever they were given to do. */
const TEAMS = /^team_?assignments$|^assignment_group$/i;
/** Words of protocols: the header, and SQLite's name for the version of a file's contents. */
const PROTOCOL = new Set(['Authorization', 'authorization', 'user_version']);
/** Whether a person or a program acted is read, never which: these are values of an agent's `type`, not fields. */
const KIND_OF_AGENT = /(?<![\w)\]]\[)'user(?:_reference)?'(?!\s*:)/g;

/** Identifiers and keys of a text that name a person. */
function peopleIn({ code }: Pick<Source, 'code'>): string[] {
  const identifiers = new Set(code.replaceAll(KIND_OF_AGENT, '').match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));
  return [...identifiers].filter((one) => !PROTOCOL.has(one) && isPerson(one));
}

function isPerson(identifier: string): boolean {
  if (TEAMS.test(identifier)) return false;
  if (BY_WHOM.test(identifier) || OWNER.test(identifier)) return true;
  const parts = identifier.replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2').split('_');
  return parts.some((part) => PEOPLE.has(part.toLowerCase()));
}

describe('no person is ever read', () => {
  it.each(['src/providers', 'src/model', 'src/store', 'src/imports'])(
    'no schema or field below %s names one',
    (folder) => {
      const found = sourcesBelow(folder).flatMap((source) => peopleIn(source).map((one) => `${source.path}: ${one}`));

      expect(found).toEqual([]);
    },
  );

  it.each([
    'assignees',
    'assignedTo',
    'assigned_to',
    'acknowledger',
    'acknowledgedBy',
    'lastAuthor',
    'committer_email',
    'ownerId',
    'owner',
    'userName',
    'users',
  ])('%s would be found', (identifier) => {
    expect(peopleIn({ code: `const Incident = z.object({ ${identifier}: z.string() });` })).toEqual([identifier]);
  });

  it.each([
    'ownerTeamId',
    'ownerTeam',
    'team_assignments',
    'acknowledgedAtMs',
    'Authorization',
    'assign',
    'serviceName',
    'performance',
  ])('%s is none', (identifier) => {
    expect(peopleIn({ code: `const ${identifier} = 1;` })).toEqual([]);
  });

  it.each(["wire['user'].id", "{ 'user': z.string() }", 'wire.user'])('the user in %s would be found', (code) => {
    expect(peopleIn({ code })).toContain('user');
  });

  it('a comment may say what is not read', () => {
    expect(peopleIn({ code: withoutComments("/* the owner */ const url = 'https://x/'; // the user") })).toEqual([]);
  });
});
