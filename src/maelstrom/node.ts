import type { Awaitable } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import { FLEET_MESSAGE } from './bus.js';
import { maelstromLimits } from './limits.js';
import { CODES, malformed, readEnvelope, MaelstromError, maelstromError } from './protocol.js';
import type { Body, Envelope } from './protocol.js';
import type { Answer, Workload } from './workload.js';

/** A store that a node works with, once it is known which node it is. */
export interface NodeStore {
  /** What it does for requests, once it can serve. */
  readonly ready: Promise<Workload>;
  /** A message of another node of ours. */
  receive(from: string, body: Body): void;
  stop(): Promise<unknown>;
}

interface NodeOptions {
  open(node: string, nodes: readonly string[], send: (dest: string, body: Body) => void): NodeStore;
  /** Writes one line. */
  write(line: string): void;
  readonly logger: Logger;
}

/** One node of a Maelstrom network: reads lines, does what the workload's requests ask for, and writes answers. */
export class MaelstromNode {
  private self = '';
  private store: NodeStore | undefined;
  private workload: Workload | undefined;
  private lastId = 0;
  private underWay = 0;

  constructor(private readonly options: NodeOptions) {}

  /** One line of input. Whatever it holds, the next one is read. */
  receive(line: Buffer): void {
    let envelope: Envelope;
    try {
      envelope = readEnvelope(line);
    } catch (error) {
      this.options.logger.warn({ erro: String(error) }, 'linha que não é uma mensagem');
      return;
    }
    const { src, body } = envelope;
    if (body.type === FLEET_MESSAGE) this.store?.receive(src, body);
    else if (!('in_reply_to' in body)) void this.answer(src, body);
  }

  async stop(): Promise<void> {
    await this.store?.stop();
  }

  private async answer(src: string, request: Body): Promise<void> {
    let answer: Body;
    try {
      answer = { type: `${request.type}_ok`, ...(await this.counted(() => this.carryOut(request))) };
    } catch (error) {
      const { code, message } = maelstromError(error);
      answer = { type: 'error', code, text: message };
    }
    const { msg_id: repliesTo } = request;
    if (repliesTo === undefined) return;
    this.lastId++;
    this.send(src, { ...answer, msg_id: this.lastId, in_reply_to: repliesTo });
  }

  private async counted(run: () => Awaitable<Answer>): Promise<Answer> {
    if (this.underWay >= maelstromLimits.requests)
      throw new MaelstromError(CODES.unavailable, 'too many requests');
    this.underWay++;
    try {
      return await run();
    } finally {
      this.underWay--;
    }
  }

  private carryOut(request: Body): Awaitable<Answer> {
    if (request.type === 'init') return this.init(request);
    if (this.workload === undefined)
      throw new MaelstromError(CODES.unavailable, 'init has not been answered yet');
    const run = this.workload.get(request.type);
    if (run === undefined)
      throw new MaelstromError(CODES.notSupported, `${request.type} is no request of this workload`);
    return run(request);
  }

  /** Answered once the store can serve, so that no request comes too early. A node is told once who it is. */
  private async init({ node_id: node, node_ids: nodes }: Body): Promise<Answer> {
    const isList = Array.isArray(nodes) && nodes.every((name) => typeof name === 'string');
    if (typeof node !== 'string' || !isList || !nodes.includes(node)) {
      throw malformed('init has node_id, and node_ids with it');
    }
    if (this.store !== undefined && node !== this.self) throw malformed(`this node is ${this.self}`);
    this.self = node;
    this.store ??= this.options.open(node, nodes, (dest, body) => {
      this.send(dest, body);
    });
    this.workload = await this.store.ready;
    return {};
  }

  private send(dest: string, body: Body): void {
    this.options.write(JSON.stringify({ src: this.self, dest, body }));
  }
}
