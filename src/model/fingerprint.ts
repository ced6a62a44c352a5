/** Words of four or more hexadecimal digits that hold a digit: request ids, hashes, pod suffixes. */
const HEXADECIMAL_WORD = /\b(?=[0-9a-f]*[0-9])[0-9a-f]{4,}\b/gi;
const NUMBER = /[0-9]+(?:[.,][0-9]+)*/g;

/** Same trouble where the platform has no stable deduplication key: service and title without numbers and hexadecimal words. */
export function titleFingerprint(serviceId: string, title: string): string {
  const words = title.replace(HEXADECIMAL_WORD, ' ').replace(NUMBER, ' ');
  return `${serviceId}\n${words.replace(/\s+/g, ' ').trim().toLowerCase()}`;
}
