/** Index of the first item whose key is not less than `value`, in a sorted list. */
export function lowerBound<T>(items: readonly T[], value: number, key: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle] as T;
    if (key(item) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
