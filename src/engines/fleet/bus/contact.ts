import type { Origin } from '../../../core/dot.js';
import type { Message, PresenceMessage } from '../../../ports/bus.js';

/**
 * How two servers with a fleet key show each other that they are alive. Buses exchange these messages; the members
 * above do not see them. A challenge asks for an answer. Both prove that their sender is alive, and carry its presence.
 */
export interface Contact {
  readonly type: 'challenge' | 'answer';
  readonly from: Origin;
  readonly to: Origin;
  /** The sender's last announcement, with its current clock; absent if it has announced nothing yet. */
  readonly presence: PresenceMessage | undefined;
}

export function isContact(message: Message | Contact): message is Contact {
  return message.type === 'challenge' || message.type === 'answer';
}
