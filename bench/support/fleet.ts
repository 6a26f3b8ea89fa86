import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { KvsClient } from './client.js';
import { OTHERS_CORE, root, which } from './machine.js';
import { freePort, startBackground, until } from './processes.js';
import type { Background } from './processes.js';
import { builtProgram } from './program.js';
import type { Program } from './program.js';
import { scratchFolder } from './scratch.js';

export type BrokerKind = 'mosquitto' | 'embedded';

/** A server of the fleet in a process of its own, and a client of it. */
export interface Member {
  readonly port: number;
  /** Who signed its certificate, in PEM, if it speaks TLS. */
  readonly ca: string | undefined;
  readonly pid: number;
  readonly client: KvsClient;
  /** The end of its log. */
  readonly said: () => string;
}

interface Presence {
  readonly endereco: string;
  readonly estado: string;
  readonly relogio: number;
  readonly resumo: string;
  readonly hash: string;
}

let fleets = 0;

/** Real servers on one real broker. The first server hosts the embedded broker. */
export class Fleet {
  readonly members: Member[] = [];
  private readonly presences = new Map<string, Presence>();
  private observer: MqttClient | undefined;
  private readonly processes: Background[] = [];
  readonly name = `bench-${process.pid}-${fleets++}`;

  private constructor(
    private readonly kind: BrokerKind,
    private readonly brokerPort: number,
    private readonly program: Program,
  ) {}

  /** @param pinned whether Mosquitto is kept on the core of everything but the writer */
  static async open(kind: BrokerKind, pinned: boolean, program = builtProgram): Promise<Fleet> {
    const fleet = new Fleet(kind, await freePort(), program);
    if (kind === 'mosquitto') fleet.processes.push(await startMosquitto(fleet.brokerPort, pinned));
    return fleet;
  }

  get brokerUrl(): string {
    return `mqtt://127.0.0.1:${this.brokerPort}`;
  }

  /**
   * Starts a server and waits until it serves.
   * @param more further options of it
   * @param ca who signed its certificate, in PEM, if it speaks TLS
   */
  async add(core?: number, more: readonly string[] = [], ca?: string): Promise<Member> {
    const port = await freePort();
    const broker =
      this.kind === 'mosquitto'
        ? ['--broker', `mqtt://127.0.0.1:${this.brokerPort}`]
        : ['--broker-local', `127.0.0.1:${this.brokerPort}`];
    const args = ['servidor', String(port), '--frota', this.name, '--log-nivel', 'warn'];
    const server = await startBackground(
      { program: this.program.command, args: [...this.program.args, ...args, ...broker, ...more], core },
      'servidor pronto',
    );
    this.processes.push(server);
    const client = new KvsClient(port, ca);
    const member = { port, ca, pid: server.pid, client, said: server.said };
    this.members.push(member);
    this.observer ??= this.observe();
    return member;
  }

  /** Waits until every server has announced, from now on, the same vector and the same content. */
  async agreed(): Promise<void> {
    const sinceMs = Date.now();
    await until('all servers announce the same content', () => {
      const said = this.members.map(({ port }) => this.presences.get(`127.0.0.1:${port}`));
      const [first] = said;
      return said.every(
        (presence) =>
          presence !== undefined &&
          presence.relogio > sinceMs &&
          presence.estado === 'servindo' &&
          presence.resumo === first?.resumo &&
          presence.hash === first.hash,
      );
    });
  }

  /** `kill -9` of one server. */
  async kill(member: Member): Promise<void> {
    member.client.close();
    this.members.splice(this.members.indexOf(member), 1);
    await this.processes.find(({ pid }) => pid === member.pid)?.kill();
  }

  async close(): Promise<void> {
    for (const { client } of this.members) client.close();
    await this.observer?.endAsync(true);
    await Promise.all(this.processes.map((each) => each.kill()));
  }

  private observe(): MqttClient {
    const client = mqtt.connect(`mqtt://127.0.0.1:${this.brokerPort}`, { protocolVersion: 4 });
    client.on('connect', () => client.subscribe(`kvs/${this.name}/presenca/+`, { qos: 1 }));
    client.on('message', (_topic, payload) => {
      const presence = presenceIn(payload);
      if (presence) this.presences.set(presence.endereco, presence);
    });
    return client;
  }
}

/** A presence as anyone can read it; none if it is encrypted. A fleet key leaves the first line as it is. */
function presenceIn(payload: Buffer): Presence | undefined {
  const [line = ''] = payload.toString().split('\n', 1);
  return line.startsWith('{') ? (JSON.parse(line) as Presence) : undefined;
}

/** Whether Mosquitto is installed. */
export function hasMosquitto(): boolean {
  return which('mosquitto') !== undefined;
}

/** Mosquitto with the configuration that is shipped, on another port. */
async function startMosquitto(port: number, pinned: boolean): Promise<Background> {
  const program = which('mosquitto');
  const shipped = join(root, 'deploy/mosquitto/mosquitto.conf');
  if (program === undefined || !existsSync(shipped)) throw new Error('mosquitto is not installed');
  const conf = readFileSync(shipped, 'utf8').replace(/^listener .*$/m, `listener ${port} 127.0.0.1`);
  const path = join(scratchFolder(), `mosquitto-${port}.conf`);
  writeFileSync(path, conf);
  const core = pinned ? OTHERS_CORE : undefined;
  const broker = await startBackground({ program, args: ['-c', path], core }, undefined);
  await until('mosquitto accepts connections', () => accepts(port));
  return broker;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
