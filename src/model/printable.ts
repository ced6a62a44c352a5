/** Control and direction characters of a name could rewrite lines of a terminal, and break those of a document. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** One line, whatever is in it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}
