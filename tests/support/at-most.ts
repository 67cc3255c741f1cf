/** Does the work for every item, so many at a time; answers in the order of the items. */
export async function atMost<T, R>(places: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  const left = items.entries();
  const runner = async (): Promise<void> => {
    for (const [index, item] of left) answers[index] = await work(item);
  };
  await Promise.all(Array.from({ length: places }, runner));
  return answers;
}
