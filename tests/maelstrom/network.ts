import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { endsWithTest } from '../support/children.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { SeededRandom } from '../support/sim-random.js';

export type Body = Readonly<Record<string, unknown>>;

interface Envelope {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

/** How the network between the nodes is. Clients have a line of their own, which loses nothing. */
interface Weather {
  /** Longest delay of a message, ms: messages overtake each other. */
  readonly delayMs: number;
  /** Share of messages between nodes that is lost, 0 … 1. */
  readonly loss: number;
}

/** What a node answered within the time-out; `undefined`: nothing. */
export type Answer = Body | undefined;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A small network that follows the protocol's text: it starts nodes, tells them who they are, and carries messages between
 * them and clients. It notes every line that breaks the protocol.
 */
export class Network {
  readonly nodes: readonly string[];
  /** Lines that are no messages, come from another than their writer, or go to nobody. */
  readonly violations: string[] = [];
  /** Messages between nodes that were carried, and that were lost. */
  readonly carried = { delivered: 0, lost: 0 };
  /** Who cannot hear whom: see {@link partition}. */
  private isCut: (from: string, to: string) => boolean = () => false;
  private readonly children = new Map<string, Child>();
  private readonly waiting = new Map<string, (body: Body) => void>();
  private readonly random: SeededRandom;
  private lastId = 0;
  private clients = 0;
  private isOver = false;

  private constructor(
    private readonly args: readonly string[],
    count: number,
    private readonly weather: Weather,
    seed: number,
  ) {
    this.nodes = Array.from({ length: count }, (_, i) => `n${String(i + 1)}`);
    this.random = new SeededRandom(seed);
  }

  /** Starts that many nodes, with these arguments, and waits until each has answered its `init`. */
  static async start(
    args: readonly string[],
    count: number,
    weather: Weather = { delayMs: 10, loss: 0 },
    seed = 1,
  ): Promise<Network> {
    await ensureBuilt();
    const network = new Network(args, count, weather, seed);
    for (const node of network.nodes) network.spawn(node);
    await Promise.all(
      network.nodes.map(async (node) => {
        const init = { type: 'init', node_id: node, node_ids: network.nodes };
        const answer = await network.client().ask(node, init, 30_000);
        if (answer?.['type'] !== 'init_ok') throw new Error(`${node}: ${JSON.stringify(answer)}`);
      }),
    );
    return network;
  }

  client(): Client {
    this.clients++;
    return new Client(this, `c${String(this.clients)}`);
  }

  /** From now on nodes of different groups do not hear each other; without groups everybody hears everybody. */
  partition(...groups: readonly (readonly string[])[]): void {
    const groupOf = (node: string): number => groups.findIndex((group) => group.includes(node));
    this.isCut = (from, to) => groups.length > 0 && groupOf(from) !== groupOf(to);
  }

  /** From now on nobody hears this node, which hears all. */
  mute(node: string): void {
    this.isCut = (from) => from === node;
  }

  /** Writes a line as it is. */
  writeLine(node: string, line: string): void {
    this.children.get(node)?.stdin.write(`${line}\n`);
  }

  async ask(src: string, dest: string, request: Body, timeoutMs: number): Promise<Answer> {
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => {
      this.waiting.set(`${src} ${String(id)}`, resolve);
      setTimeout(resolve, timeoutMs, undefined).unref();
    });
    this.writeLine(dest, JSON.stringify({ src, dest, body: { ...request, msg_id: id } }));
    const answer = await answered;
    this.waiting.delete(`${src} ${String(id)}`);
    return answer;
  }

  /** Ends the input of every node, and waits until they have ended. @returns their exit codes */
  async stop(): Promise<readonly (number | null)[]> {
    const ended = [...this.children.values()].map(
      (child) => new Promise<number | null>((resolve) => child.once('exit', resolve)),
    );
    for (const child of this.children.values()) child.stdin.end();
    const codes = await Promise.all(ended);
    this.isOver = true;
    return codes;
  }

  private spawn(node: string): void {
    const child = spawn(process.execPath, [join(root, 'bin/maelstrom'), ...this.args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    endsWithTest(child);
    this.children.set(node, child);
    child.stdin.on('error', () => undefined);
    child.stderr.resume();
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.carry(node, line);
    });
  }

  private carry(from: string, line: string): void {
    const envelope = read(line);
    if (envelope?.src !== from) {
      this.violations.push(`${from}: ${line.slice(0, 200)}`);
      return;
    }
    const { dest, body } = envelope;
    if (!this.children.has(dest)) {
      const { in_reply_to: id } = body;
      const heard = this.waiting.get(`${dest} ${String(id)}`);
      // A late answer is none of the protocol's business; an answer to nobody is.
      if (heard) heard(body);
      else if (typeof id !== 'number' || id > this.lastId)
        this.violations.push(`${from}: ${line.slice(0, 200)}`);
      return;
    }
    if (this.random.chance(this.weather.loss)) {
      this.carried.lost++;
      return;
    }
    setTimeout(
      () => {
        if (this.isOver) return;
        // The cut is that of the moment when it would arrive: what is under way is lost too.
        if (this.isCut(from, dest)) this.carried.lost++;
        else {
          this.carried.delivered++;
          this.writeLine(dest, line);
        }
      },
      this.random.between(0, this.weather.delayMs),
    );
  }
}

/** Asks one request after the other, or several at once. */
export class Client {
  constructor(
    private readonly network: Network,
    readonly name: string,
  ) {}

  ask(node: string, request: Body, timeoutMs = 5_000): Promise<Answer> {
    return this.network.ask(this.name, node, request, timeoutMs);
  }
}

function read(line: string): Envelope | undefined {
  try {
    const { src, dest, body } = JSON.parse(line) as Partial<Envelope>;
    const isWhole =
      typeof src === 'string' &&
      typeof dest === 'string' &&
      typeof body === 'object' &&
      typeof body['type'] === 'string';
    return isWhole ? { src, dest, body } : undefined;
  } catch {
    return undefined;
  }
}
