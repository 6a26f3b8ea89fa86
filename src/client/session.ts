import type { Metadata } from '@grpc/grpc-js';
import { limits } from '../core/limits.js';

const SESSION_METADATA = 'kvs-sessao';

/** What a client has seen: no later answer shows it less, from whichever server (docs/PROTOCOL.md). */
export class ClientSession {
  /** Whether a call has advanced it since it was created. */
  isMoved = false;

  /** @param token `nova` for a new session */
  constructor(public token: string) {}

  addTo(metadata: Metadata): void {
    metadata.set(SESSION_METADATA, this.token);
  }

  /** Updates the session from the trailing metadata of a call, however it ended. */
  note(trailer: Metadata): void {
    const token = trailer.get(SESSION_METADATA)[0]?.toString();
    if (token === undefined || !isSessionToken(token)) return;
    [this.token, this.isMoved] = [token, true];
  }
}

export function isSessionToken(text: string): boolean {
  return text.length <= limits.sessionTokenBytes && /^[a-z]\d\.[!-~]+$/.test(text);
}
