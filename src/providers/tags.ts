/** Value of the first tag `NAME:value`; undefined without one, or when it is blank. */
export function tagValue(tags: readonly string[], name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  const prefix = `${name}:`;
  return (
    tags
      .find((tag) => tag.startsWith(prefix))
      ?.slice(prefix.length)
      .trim() || undefined
  );
}

/** Tags `NAME:value` by name, the first of each; a name may hold colons of its own. */
export function toTagMap(tags: readonly string[]): Record<string, string> {
  const pairs = tags.flatMap((tag) =>
    Array.from(tag.matchAll(/:/g), ({ index }) => [tag.slice(0, index), tag.slice(index + 1)] as const),
  );
  return Object.fromEntries(pairs.toReversed().filter(([name, value]) => name !== '' && value.trim() !== ''));
}
