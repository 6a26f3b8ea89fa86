import { randomBytes } from 'node:crypto';
import { LeaderNode } from '../../src/app/leader-node.js';
import type { NodeOptions } from '../../src/app/leader-node.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';
import { realRandom } from './real-time.js';
import { SkippingTime, type ExpiryControl } from './skipping-time.js';
import { RecordingLogger } from './doors.js';

/** Servers of one leader system within this process, the first the leader, and what each printed. */
export interface LeaderSystem {
  readonly addresses: readonly string[];
  readonly nodes: LeaderNode[];
  readonly printed: string[][];
  readonly logger: RecordingLogger;
  /** Starts one again (or for the first time) at its address, empty. */
  start(index: number, options?: Partial<NodeOptions>): Promise<LeaderNode>;
  /** Waits until all have the same. */
  settle(): Promise<void>;
  readonly expiry: ExpiryControl;
  close(): Promise<void>;
}

/** Free addresses of this machine. */
export async function freeAddresses(count: number): Promise<string[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports].map((port) => `127.0.0.1:${String(port)}`);
}

/** A system that is not started yet. */
export async function leaderSystem(count = 3, common: Partial<NodeOptions> = {}): Promise<LeaderSystem> {
  const addresses = await freeAddresses(count);
  const nodes: LeaderNode[] = [];
  const printed = addresses.map((): string[] => []);
  const logger = new RecordingLogger();
  const time = new SkippingTime();
  /** Waits until what the followers have heard of the leader's clock is after the present moment. A write tells it. */
  const told = async (): Promise<void> => {
    const nowMs = time.wallMs();
    await nodes[0]?.engine.write({ kind: 'insert', key: 'relógio', value: String(nowMs) });
    const haveHeard = (): boolean => nodes.every(({ store }) => store.clock.nowMs() >= nowMs);
    await eventually('all know how late it is', haveHeard, 20_000);
  };
  return {
    addresses,
    nodes,
    printed,
    logger,
    start: async (index, options = {}) => {
      const node = await LeaderNode.start({
        origin: randomBytes(9).toString('base64url'),
        self: addresses[index]!,
        leader: addresses[0]!,
        servers: addresses,
        deadlineMs: 5_000,
        time,
        random: realRandom,
        logger,
        print: (line) => printed[index]!.push(line),
        ...common,
        ...options,
      });
      nodes[index] = node;
      return node;
    },
    settle: async () => {
      await eventually('all servers have the same', () => agree(nodes), 20_000);
    },
    expiry: time.expiry(told),
    close: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Three servers, all up to date. */
export async function openLeaderSystem(common: Partial<NodeOptions> = {}): Promise<LeaderSystem> {
  const system = await leaderSystem(3, common);
  await Promise.all(system.addresses.map((_, index) => system.start(index)));
  await eventually('all serve', () => system.nodes.every((node) => node.serving && node.whole));
  return system;
}

function agree(nodes: readonly LeaderNode[]): boolean {
  const states = nodes.map(({ store }) => `${store.vector.digest()} ${store.hash()}`);
  return new Set(states).size === 1;
}
