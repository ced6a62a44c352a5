/** A link that people may follow: only http and https, whatever a platform or a file says; undefined for the rest. */
export function webLink(text: string | null | undefined): string | undefined {
  return /^https?:\/\//i.test(text ?? '') ? (text ?? undefined) : undefined;
}
