import type { Socket } from 'node:net';

/** A steady stream is handed on after so many turns of the event loop, also if something came in each. */
const TURNS_MAX = 1_000;

/**
 * Lets a socket be read faster than what comes is looked at: a broker that meets a slow reader drops, without a word,
 * what does not fit its queue, and of thousands of retained messages that is most. So what comes is set aside while more
 * comes, and handed on piece by piece, each in a turn of the event loop of its own.
 * @param mostBytes set aside at most; then the socket waits as any other
 */
export function readAhead(socket: Socket, mostBytes: number): void {
  const push = socket.push.bind(socket);
  const pieces: (Buffer | null)[] = [];
  let bytes = 0;
  let hasCome = false;
  let waited = 0;
  const handOn = (): void => {
    if (socket.destroyed) return;
    const mayWait = hasCome && bytes < mostBytes && waited < TURNS_MAX;
    if (!hasCome) waited = 0;
    hasCome = false;
    if (mayWait) waited++;
    else {
      const piece = pieces.shift() ?? null;
      bytes -= piece?.length ?? 0;
      push(piece);
    }
    if (pieces.length > 0) setImmediate(handOn);
  };
  // What a socket calls with each piece that has come, and with null at the end; it reads on if the answer is true.
  socket.push = (piece: Buffer | null): boolean => {
    if (pieces.push(piece) === 1) setImmediate(handOn);
    bytes += piece?.length ?? 0;
    hasCome = true;
    return bytes < mostBytes;
  };
}
