/** The word that `wrong` was probably meant to be: at most a third of its letters differ; undefined when none is near. */
export function nearest(wrong: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  const ranked = words.map((word) => ({ word, distance: distance(wrong.toLowerCase(), word.toLowerCase()) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= limit ? best.word : undefined;
}

/** Levenshtein: letters to insert, delete or replace. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
