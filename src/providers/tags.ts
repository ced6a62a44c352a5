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
