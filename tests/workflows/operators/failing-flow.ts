/** A flow with a bug: its workflow task fails, again and again. */
export async function failing(): Promise<never> {
  throw new TypeError('a bug');
}
