import { RESP_TYPES } from '@redis/client';
import type { Time } from '../../ports/time.js';
import { partitionLimits } from './limits.js';
import { nodeAnswer, openNode } from './node.js';
import type { NodeAccess, NodeAnswer, RedisCommand } from './node.js';

interface TapDeps {
  readonly access: NodeAccess;
  readonly time: Time;
  /** What was read under this name over this connection may be another by now; `undefined`: all of it. */
  readonly onChanged: (name: string | undefined) => void;
}

const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/**
 * A connection to a node that says which of the things read over it have changed since (`CLIENT TRACKING`). That is said
 * before the answer to whatever is asked after the change. It is said once: whoever wants to hear of the next change reads again.
 */
export class LogTap {
  private client: ReturnType<LogTap['open']>;
  private isClosed = false;

  constructor(
    private readonly address: string,
    private readonly deps: TapDeps,
  ) {
    this.client = this.open();
  }

  /** Whether there is a connection. */
  get isReady(): boolean {
    return this.client.isReady;
  }

  /** Sends commands as one, and waits for all answers. Never rejects; whoever is silent for too long is given up. */
  async ask(commands: readonly RedisCommand[]): Promise<readonly NodeAnswer[]> {
    const { client } = this;
    const cancel = this.deps.time.after(partitionLimits.silenceMs, () => {
      if (client === this.client) this.reopen();
    });
    const answers = await Promise.all(
      commands.map(async (command) => nodeAnswer(client.sendCommand(command, BYTES))),
    );
    cancel();
    return answers;
  }

  close(): void {
    this.isClosed = true;
    if (this.client.isOpen) this.client.destroy();
  }

  private reopen(): void {
    if (this.isClosed) return;
    const { client } = this;
    this.client = this.open();
    if (client.isOpen) client.destroy();
    this.deps.onChanged(undefined);
  }

  private open() {
    const client = openNode(this.address, this.deps.access, { RESP: 3, emitInvalidate: true });
    // What failed is known by what was asked; without a listener an error would end the process.
    client.on('error', () => undefined);
    client.on('ready', () => {
      if (client === this.client) this.deps.onChanged(undefined);
    });
    client.on('invalidate', (name: string | Buffer | null) => {
      if (client === this.client) this.deps.onChanged(name === null ? undefined : String(name));
    });
    client.connect().catch(() => undefined);
    return client;
  }
}
