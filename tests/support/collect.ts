/** All that a walk gives. A walk may give `undefined` where it lets others run. */
export async function collect<T>(rows: Iterable<T | undefined> | AsyncIterable<T | undefined>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) if (row !== undefined) all.push(row);
  return all;
}
