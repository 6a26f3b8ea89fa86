import type { CallAnswered } from '../../../src/laboratory/recording.js';

/** Of the versions of a key: which one is answered, and by which part of the order it is the last. */
interface StoryWinner {
  readonly value: string;
  readonly origin: string;
  readonly others: number;
  readonly by: 'version' | 'timestamp' | 'origin';
}

/** Who won among the heads of a history; `undefined`: there was nothing to choose. */
export function winnerOf({ lines }: Pick<CallAnswered, 'lines'>): StoryWinner | undefined {
  const heads = lines
    .filter(({ isHead }) => isHead)
    .sort(
      (one, other) =>
        other.version - one.version ||
        other.timestampMs - one.timestampMs ||
        (one.origin < other.origin ? 1 : -1),
    );
  const [winner, second] = heads;
  if (winner === undefined || second === undefined) return undefined;
  const by =
    winner.version !== second.version
      ? 'version'
      : winner.timestampMs !== second.timestampMs
        ? 'timestamp'
        : 'origin';
  return { value: winner.value, origin: winner.origin, others: heads.length - 1, by };
}
