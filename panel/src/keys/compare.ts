import { diffLines, diffWordsWithSpace } from 'diff';
import { pageLimits } from '../limits.js';

/** A stretch of the comparison of two values. */
interface DiffPart {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Values up to this many characters together are compared word by word, longer ones line by line. */
const WORDS_CHARS_MAX = 16_384;

/** What one value has and the other has not. @returns `undefined` if they are too different to be told in time */
export function valueDiff(before: string, after: string): readonly DiffPart[] | undefined {
  const options = { timeout: pageLimits.diffMs };
  const changes =
    before.length + after.length <= WORDS_CHARS_MAX
      ? diffWordsWithSpace(before, after, options)
      : diffLines(before, after, options);
  return changes?.map(({ added, removed, value: text }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text,
  }));
}
