import type { ClientHttp2Session } from 'node:http2';
import { Fleet } from '../support/fleet.js';
import type { BrokerKind, Member } from '../support/fleet.js';
import { cpuMicros, WRITER_CORE } from '../support/machine.js';
import { until } from '../support/processes.js';
import { programIn } from '../support/program.js';
import { memoryUse, probeOptions } from '../support/server-memory.js';
import type { MemoryUse } from '../support/server-memory.js';
import { addSecure } from '../support/secure-member.js';
import { lastKeys, openSessions, streamedInserts } from '../support/streamed-calls.js';

const STREAMS = 4;

/** One of the two builds that are compared, in a round: a fleet of two servers on the core of what is measured. */
export class Side {
  /** Keys that unary inserts have made. */
  keys = 0;
  /** Entries of the fleet. */
  entries = 0;
  private marks = 0;
  private fills = 0;
  private secured: Member | undefined;
  private readonly sessions = new Map<string, ClientHttp2Session[]>();

  private constructor(
    readonly fleet: Fleet,
    readonly server: Member,
    /** Starts first, and so has the embedded broker, if there is one. */
    readonly peer: Member,
    /** What the two servers used before they held anything. */
    readonly empty: MemoryUse,
  ) {}

  /**
   * @param build folder of the build
   * @throws Error if its servers do not start
   */
  static async open(build: string, kind: BrokerKind): Promise<Side> {
    const fleet = await Fleet.open(kind, true, programIn(build, probeOptions()));
    try {
      const peer = await fleet.add(WRITER_CORE);
      const server = await fleet.add(WRITER_CORE);
      return new Side(fleet, server, peer, await memoryUse([server, peer]));
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** Streams new keys into the server until the peer has them too. */
  async stream(items: number): Promise<void> {
    const load = { port: this.server.port, streams: STREAMS, items, prefix: `fluxo${this.fills++}` };
    const keys = lastKeys(load, await streamedInserts(load));
    this.entries += items;
    for (const key of keys) await arrives(this.peer, key);
  }

  /** A third server, which speaks TLS; started at the first call. */
  async secure(): Promise<Member> {
    return (this.secured ??= await addSecure(this.fleet));
  }

  /** So many connections to one of the servers, which stay open. */
  async clients({ port, ca }: Member, count: number): Promise<readonly ClientHttp2Session[]> {
    const name = `${port}, ${count}`;
    const open = this.sessions.get(name) ?? (await openSessions(port, ca, count));
    this.sessions.set(name, open);
    return open;
  }

  /** Waits until the other one has what one of the servers has been told until now; it applies in order. */
  async settled(one: Member, other: Member): Promise<void> {
    const mark = `marca-${this.marks++}`;
    await one.client.insert(mark, 'marca');
    this.entries++;
    await arrives(other, mark);
  }

  /** Streams as much as is missing to so many entries. */
  async fillTo(entries: number): Promise<void> {
    if (this.entries < entries) await this.stream(entries - this.entries);
  }

  /** What an entry uses in a server, in bytes: the mean of the two. */
  async memoryPerEntry(): Promise<MemoryUse> {
    const { used, resident } = await memoryUse([this.server, this.peer]);
    const copies = 2 * this.entries;
    return { used: (used - this.empty.used) / copies, resident: (resident - this.empty.resident) / copies };
  }

  /** Processor time of one of the servers until now, in µs. */
  cpu({ pid }: Member): number {
    return cpuMicros(pid);
  }

  async close(): Promise<void> {
    for (const each of [...this.sessions.values()].flat()) each.destroy();
    await this.fleet.close();
  }
}

function arrives(member: Member, key: string): Promise<void> {
  return until(`${key} reaches the other server`, async () => (await member.client.latest(key)) === 1);
}
