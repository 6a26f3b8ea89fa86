import { useEffect, useState } from 'preact/hooks';

/** Something that a view makes, and ends when what it was made for changes, or the view goes. */
export function useMade<T extends { end(): void }>(
  make: () => T | undefined,
  inputs: readonly unknown[],
): T | undefined {
  const [made, setMade] = useState<T>();
  useEffect(() => {
    const now = make();
    setMade(now);
    return () => now?.end();
  }, inputs);
  return made;
}
