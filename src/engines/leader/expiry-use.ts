import type { KeyMutation } from '../../core/mutation.js';
import type { KeyFragment } from '../../core/record.js';

/**
 * Whether a server has ever held something that expires, or was hidden by it. A server of an earlier version would take
 * it for a value that stays, so from then on none of those is a leader or a follower here.
 */
export class ExpiryUse {
  private hasUsed = false;

  get isUsed(): boolean {
    return this.hasUsed;
  }

  note(mutation: KeyMutation): void {
    const { kind } = mutation;
    if (kind === 'discard' || (kind === 'insert' && mutation.expiresAt !== undefined)) this.hasUsed = true;
  }

  /** To be called with the keys of a state. */
  noteKeys(keys: readonly KeyFragment[]): void {
    if (this.hasUsed) return;
    this.hasUsed = keys.some(({ entries }) =>
      entries.some(({ expiresAt, passed }) => expiresAt !== undefined || passed === true),
    );
  }
}
