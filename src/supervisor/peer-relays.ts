import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { supervisorLimits } from './limits.js';

/** A member of a set of replicas: where it listens to the others, and where they call it. */
export interface RelayedMember {
  readonly name: string;
  readonly ownPort: number;
  readonly relayPort: number;
}

interface Passage {
  readonly to: string;
  from: string | undefined;
  /** The last of what its caller said, until that is known. */
  said: string;
  readonly end: () => void;
}

/** How a member of etcd says who calls, in every request of raft. */
const CALLER = /x-server-from: ?([0-9a-f]+)\r\n/i;
/** That field is no longer. */
const FIELD_CHARS = 64;

/**
 * What replicas say to each other passes here, so that one of them can be cut off: what comes to it, and what comes from
 * it. Whether a connection is of a member shows in its requests.
 */
export class PeerRelays {
  private readonly servers: Server[] = [];
  private readonly passages = new Set<Passage>();
  private readonly cut = new Set<string>();
  /** Names by the number that members go by. */
  private readonly names = new Map<string, string>();

  constructor(private readonly members: readonly RelayedMember[]) {}

  async start(): Promise<void> {
    for (const member of this.members) {
      const server = createServer((caller) => {
        this.pass(caller, member);
      });
      this.servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(member.relayPort, '127.0.0.1', resolve);
      });
    }
  }

  /** Learns the numbers of the members from what one of them answers. */
  async learn(): Promise<void> {
    for (const { ownPort } of this.members) {
      const text = await membersText(ownPort);
      // Numbers of 64 bits, which JSON.parse would round.
      const found = text.matchAll(/"id":(\d+),"peerURLs":\["[^"]*:(\d+)"/g);
      for (const [, id = '0', port] of found) {
        const member = this.members.find(({ relayPort }) => relayPort === Number(port));
        if (member !== undefined) this.names.set(BigInt(id).toString(16), member.name);
      }
      if (this.names.size === this.members.length) return;
    }
  }

  cutOff(name: string): void {
    this.cut.add(name);
    for (const passage of [...this.passages]) this.endIfCut(passage);
  }

  connect(name: string): void {
    this.cut.delete(name);
  }

  isCut(name: string): boolean {
    return this.cut.has(name);
  }

  stop(): void {
    for (const server of this.servers) server.close();
    for (const { end } of [...this.passages]) end();
  }

  private pass(caller: Socket, { name, ownPort }: RelayedMember): void {
    const called = connect({ host: '127.0.0.1', port: ownPort });
    const passage: Passage = {
      ...{ to: name, from: undefined, said: '' },
      end: () => {
        this.passages.delete(passage);
        caller.destroy();
        called.destroy();
      },
    };
    this.passages.add(passage);
    this.endIfCut(passage);
    for (const socket of [caller, called]) {
      socket.on('error', passage.end);
      socket.on('close', passage.end);
    }
    caller.on('data', (piece: Buffer) => {
      if (passage.from === undefined && caller.bytesRead - piece.length <= supervisorLimits.callerBytes) {
        // The field may come in pieces: the end of what came before is looked at again.
        passage.said = passage.said.slice(-FIELD_CHARS) + piece.toString('latin1');
        const [, id] = CALLER.exec(passage.said) ?? [];
        if (id !== undefined) passage.from = this.names.get(id);
        this.endIfCut(passage);
      }
      if (!called.write(piece)) caller.pause();
    });
    called.on('drain', () => {
      caller.resume();
    });
    called.pipe(caller);
  }

  private endIfCut(passage: Passage): void {
    const { to, from = '' } = passage;
    if (this.cut.has(to) || this.cut.has(from)) passage.end();
  }
}

/** What a member says of all members; empty: it does not, or not in time. */
async function membersText(port: number): Promise<string> {
  try {
    const signal = AbortSignal.timeout(supervisorLimits.membersMs);
    const answer = await fetch(`http://127.0.0.1:${port}/members`, { signal });
    return await answer.text();
  } catch {
    return '';
  }
}
