/** What two builds used for something, in one look at both. */
export interface Costs {
  readonly before: number;
  readonly after: number;
}

/** A short look finds losses of more than this; a smaller one takes the long comparison. */
export const LOSS_MAX = 0.15;
/** Looks with fresh processes that have to find the same loss again. */
export const REPEATS = 2;

/** Whether the build after uses so much more that it counts. A cost that could not be measured counts too. */
export function isLoss({ before, after }: Costs): boolean {
  return !(after / before <= 1 + LOSS_MAX);
}

/**
 * Looks once, and again only at what seems lost, until nothing does or enough looks have found it.
 * @param look measures some of the figures
 * @returns the figures that every look found lost
 */
export async function confirmedLosses<Figure>(
  figures: readonly Figure[],
  look: (figures: readonly Figure[]) => Promise<ReadonlyMap<Figure, Costs>>,
): Promise<readonly Figure[]> {
  let suspects = figures;
  for (let looks = 0; looks <= REPEATS && suspects.length > 0; looks++) {
    const found = await look(suspects);
    suspects = suspects.filter((figure) => isLoss(found.get(figure) ?? { before: NaN, after: NaN }));
  }
  return suspects;
}
