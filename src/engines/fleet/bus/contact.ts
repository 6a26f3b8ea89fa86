import type { Origin } from '../../../core/dot.js';
import type { Message, PresenceMessage } from '../../../ports/bus.js';

/**
 * How two servers with a fleet key show each other that they live: a bus tells it to another, the members above know
 * nothing of it. A challenge asks for an answer; either one shows that its sender lives, and brings its presence.
 */
export interface Contact {
  readonly type: 'challenge' | 'answer';
  readonly from: Origin;
  readonly to: Origin;
  /** What the sender last announced, with its clock as it is now; absent if it has announced nothing yet. */
  readonly presence: PresenceMessage | undefined;
}

export function isContact(message: Message | Contact): message is Contact {
  return message.type === 'challenge' || message.type === 'answer';
}
