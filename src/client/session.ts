import type { Metadata } from '@grpc/grpc-js';
import { limits } from '../core/limits.js';

const SESSION_METADATA = 'kvs-sessao';

/** What a client has seen: whichever server answers it next never shows it less (docs/PROTOCOL.md). */
export class ClientSession {
  /** Whether a call has moved it on since it was made. */
  isMoved = false;

  /** @param token `nova` for one that has seen nothing */
  constructor(public token: string) {}

  addTo(metadata: Metadata): void {
    metadata.set(SESSION_METADATA, this.token);
  }

  /** Takes the session out of the trailing metadata of a call, however it ended. */
  note(trailer: Metadata): void {
    const token = trailer.get(SESSION_METADATA)[0]?.toString();
    if (token === undefined || !isSessionToken(token)) return;
    [this.token, this.isMoved] = [token, true];
  }
}

export function isSessionToken(text: string): boolean {
  return text.length <= limits.sessionTokenBytes && /^[a-z]\d\.[!-~]+$/.test(text);
}
