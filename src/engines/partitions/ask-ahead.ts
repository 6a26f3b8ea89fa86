/**
 * Asks several at once, and gives their answers in their order: so many are asked ahead of whoever takes them.
 * @param atOnce questions without an answer, and answers that nobody has taken yet
 */
export async function* askAhead<Of, T>(
  all: readonly Of[],
  atOnce: number,
  ask: (one: Of) => Promise<T>,
): AsyncGenerator<T> {
  const asked: Promise<T>[] = [];
  for (let next = 0; next < all.length || asked.length > 0;) {
    while (next < all.length && asked.length < atOnce) {
      const answer = ask(all[next++] as Of);
      // Whoever takes them in turn is told; until then a failure waits.
      answer.catch(() => undefined);
      asked.push(answer);
    }
    yield await (asked.shift() as Promise<T>);
  }
}
