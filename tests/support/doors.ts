import { startDoors, type Doors, type PortBounds } from '../../src/doors/start.js';
import type { Engine } from '../../src/ports/engine.js';
import type { Logger } from '../../src/ports/logger.js';
import { realTime } from './real-time.js';
import { connect, type KvsClient } from './kvs-client.js';
import { MemoryEngine } from './memory-engine.js';

/** What was logged, for tests that ask. */
export class RecordingLogger implements Logger {
  readonly lines: { level: string; fields: object; message: string }[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', fields, message });
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message });
  }
}

export interface Stand<E extends Engine> {
  readonly engine: E;
  readonly doors: Doors;
  readonly client: KvsClient;
  readonly logger: RecordingLogger;
  /** Closes the client, then the server, cutting what is open. */
  close(): Promise<void>;
}

/** A server on a free port with an engine in memory, and a client of it. */
export function openStand(minimumChars?: number): Promise<Stand<MemoryEngine>> {
  return openStandOn(new MemoryEngine(), minimumChars);
}

/** @param bounds of its port, where a test wants narrower ones */
export async function openStandOn<E extends Engine>(
  engine: E,
  minimumChars?: number,
  bounds?: Partial<PortBounds>,
): Promise<Stand<E>> {
  const logger = new RecordingLogger();
  const options = { port: 0, engineHealth: 'kvs.frota', time: realTime };
  const doors = await startDoors({ ...options, engine, minimumChars, bounds, logger });
  doors.setServing(true);
  const client = connect(doors.port);
  return {
    engine,
    doors,
    client,
    logger,
    close: async () => {
      client.close();
      await doors.stop(0);
    },
  };
}

/**
 * Waits until a number has stopped changing for a while, and returns it: how to see that a producer has been stopped.
 * @throws Error if it still changes after `deadlineMs`
 */
export async function settled(read: () => number, deadlineMs = 20_000): Promise<number> {
  const end = Date.now() + deadlineMs;
  let last = read();
  let since = Date.now();
  while (Date.now() - since < 400) {
    if (Date.now() > end) throw new Error('never settled');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = read();
    if (now !== last) since = Date.now();
    last = now;
  }
  return last;
}
