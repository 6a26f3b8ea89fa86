import type { ConnectionOptions } from 'node:tls';
import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { Durations } from '../../core/durations.js';
import type { Time } from '../../ports/time.js';
import { meaningOfError, troubleOf } from './failures.js';
import type { NodeMeaning } from './failures.js';
import { partitionLimits } from './limits.js';

export type RedisCommand = readonly (string | Buffer)[];

export type NodeAnswer =
  | { readonly ok: true; readonly reply: unknown }
  | { readonly ok: false; readonly meaning: NodeMeaning; readonly error: Error };

const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** How many ticks of {@link RedisNode.tick} in a row nothing may be heard while something is asked. */
const SILENT_TICKS = Math.ceil(partitionLimits.silenceMs / partitionLimits.viewMs);

type Client = ReturnType<typeof openNode>;

/** How nodes let this server in. Both may change: every new connection asks again. */
export interface NodeAccess {
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
  /** Absent: without TLS. */
  readonly tls?: { clientOptions(): ConnectionOptions } | undefined;
}

/**
 * A client for one node, not connected yet. It never sends anything twice.
 * @param address `host:port`
 */
export function openNode(
  address: string,
  { credentials, tls }: NodeAccess,
  more: { readonly RESP: 2 | 3; readonly emitInvalidate?: boolean } = { RESP: 2 },
) {
  const at = address.lastIndexOf(':');
  const socket = {
    host: address.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(at + 1)),
    connectTimeout: partitionLimits.connectMs,
    reconnectStrategy: (retries: number) =>
      Math.min(partitionLimits.pauseMs * 2 ** retries, partitionLimits.pauseMsMax),
  };
  return createClient({
    ...more,
    ...(credentials === undefined ? {} : { credentialsProvider: providerOf(credentials) }),
    // A request for a node that is away is refused at once: it may be asked of another, and nothing is sent twice.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: partitionLimits.queuedRequests,
    // Nodes are watched as a whole: a timer for each request would cost more than the request.
    commandOptions: { timeout: 0 },
    socket: tls === undefined ? socket : { ...socket, ...tls.clientOptions(), tls: true },
  });
}

function providerOf(credentials: { readonly user: string; readonly password: string }) {
  return {
    type: 'async-credentials-provider',
    credentials: () => Promise.resolve({ username: credentials.user, password: credentials.password }),
  } as const;
}

/** Waits for what a node answers. Never rejects. */
export async function nodeAnswer(reply: Promise<unknown>): Promise<NodeAnswer> {
  try {
    return { ok: true, reply: await reply };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { ok: false, meaning: meaningOfError(error, error instanceof ErrorReply), error };
  }
}

/** One Redis node: its connection, and what is known of its health. */
export class RedisNode {
  /** Whether it answered lately. */
  hears = false;
  /** Portuguese, for people: why it lets nobody in, if that will not change by itself. */
  trouble: string | undefined;
  /** Attempts since the start, by what they meant, and how long those took that were answered. */
  readonly attempts: Record<NodeMeaning | 'good', number> = {
    ...{ good: 0, moved: 0, ask: 0, unready: 0, unloaded: 0, unsent: 0, alone: 0 },
    ...{ full: 0, broken: 0, locked: 0, refused: 0, unknown: 0 },
  };
  readonly durations = new Durations();
  private client: Client;
  /** Questions about replicas have a connection of their own: a node answers nothing else on it meanwhile. */
  private confirmer: Client | undefined;
  private silentTicks = 0;
  private waiting = 0;
  /** Changes with every connection, and with its end: one that was lost may have been to a process that is gone, with what it had not told others. */
  connections = 0;

  /** @param address `host:port` */
  constructor(
    readonly address: string,
    private readonly access: NodeAccess,
    private readonly time: Time,
  ) {
    this.client = this.open();
  }

  /**
   * How many replicas have all that this node has written so far. Never rejects: 0 if it does not tell.
   * @param name a key of one of its slots: what is written there marks how far replicas must be
   */
  async holders(name: string, enough: number): Promise<number> {
    const client = (this.confirmer ??= await this.openConfirmer());
    try {
      const [, found] = await Promise.all([
        client.sendCommand(['SET', name, '', 'EX', '60']),
        client.sendCommand(['WAIT', String(enough), String(partitionLimits.confirmTurnMs)]),
      ]);
      return Number(found);
    } catch {
      this.confirmer = undefined;
      client.destroy();
      return 0;
    }
  }

  private async openConfirmer(): Promise<Client> {
    const client = openNode(this.address, this.access);
    client.on('error', () => undefined);
    await client.connect().catch(() => undefined);
    return client;
  }

  private open(): Client {
    const client = openNode(this.address, this.access);
    // What failed is known by what was asked; without a listener an error would end the process.
    client.on('error', (error: unknown) => {
      if (client !== this.client || client.isReady) return;
      this.trouble = troubleOf(error) ?? this.trouble;
      this.hears = false;
      this.connections++;
    });
    client.on('ready', () => {
      this.connections++;
    });
    client.connect().catch(() => undefined);
    return client;
  }

  /**
   * Sends a command once. Never rejects.
   * @param isAsking the node is to answer though it does not have the slot yet
   */
  attempt(command: RedisCommand, isAsking = false): Promise<NodeAnswer> {
    const startedMs = this.time.monotonicMs();
    this.waiting++;
    if (isAsking) this.client.sendCommand(['ASKING']).catch(() => undefined);
    // No more promises than needed: there are very many of these.
    return this.client.sendCommand(command, BYTES).then(
      (reply: unknown): NodeAnswer => {
        this.waiting--;
        this.heard();
        this.trouble = undefined;
        this.durations.add(this.time.monotonicMs() - startedMs);
        this.attempts.good++;
        return { ok: true, reply };
      },
      (thrown: unknown): NodeAnswer => {
        this.waiting--;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const isAnswer = error instanceof ErrorReply;
        if (isAnswer) this.heard();
        const meaning = meaningOfError(error, isAnswer);
        if (meaning === 'locked') this.trouble = troubleOf(error);
        this.attempts[meaning]++;
        return { ok: false, meaning, error };
      },
    );
  }

  /** To be called every now and then: gives up a connection over which nothing comes. */
  tick(): void {
    if (this.waiting === 0 || !this.client.isReady) this.silentTicks = 0;
    else if (++this.silentTicks > SILENT_TICKS) {
      this.silentTicks = 0;
      this.hears = false;
      const { client } = this;
      this.client = this.open();
      client.destroy();
      this.dropConfirmer();
    }
  }

  /** What waits fails: it is unknown whether it was done. */
  close(): void {
    this.dropConfirmer();
    if (this.client.isOpen) this.client.destroy();
  }

  private dropConfirmer(): void {
    const { confirmer } = this;
    this.confirmer = undefined;
    if (confirmer?.isOpen === true) confirmer.destroy();
  }

  private heard(): void {
    this.silentTicks = 0;
    this.hears = true;
  }
}
