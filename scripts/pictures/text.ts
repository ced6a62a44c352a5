/** Text as it may stand in HTML and in the value of an attribute. */
export function escaped(text: string): string {
  const written: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => written[character] ?? character);
}

/** GroupIndex that a panel has for what it shows, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The largest size of a font in which a line of text fits, if a letter is some 0.58 of it wide. */
export function fontSize(text: string, { width, height }: Size): number {
  return Math.floor(Math.min(height, width / (0.58 * Math.max(1, text.length))));
}
