/**
 * Waits until `condition` holds, asking again and again; an exception counts as "not yet".
 * @throws the condition's last exception, or an Error with `what`, after `deadlineMs`
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== undefined && value !== null) {
        return value as NonNullable<Exclude<T, false>>;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`não aconteceu em ${deadlineMs} ms: ${what}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
