/** Does work for a key; whoever asks for the same while it is under way gets the same result, or the same error. */
export type Sharing<Result> = (key: string, work: () => Promise<Result>) => Promise<Result>;

/** A hundred clients that ask for the same large answer at once cost the memory of one. */
export function createSharing<Result>(): Sharing<Result> {
  const running = new Map<string, Promise<Result>>();
  return (key, work) => {
    const known = running.get(key);
    if (known !== undefined) return known;
    const result = work().finally(() => running.delete(key));
    running.set(key, result);
    return result;
  };
}
