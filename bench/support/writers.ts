import { join } from 'node:path';
import { KvsClient } from './client.js';
import { startCluster } from './etcd-cluster.js';
import { Fleet, hasMosquitto } from './fleet.js';
import { unaryLoad } from './load.js';
import { OTHERS_CORE, root, which, WRITER_CORE } from './machine.js';
import { freePort, pause, startBackground } from './processes.js';

/**
 * Inserts of a slice, where a machine with other work lets no long one pass: a server that stood still refuses calls.
 * By default an engine's own number.
 */
const CALLS = process.env['KVS_BENCH_CALLS'];

/** A server that inserts, with what it needs beside it. */
export interface Writer {
  readonly port: number;
  readonly pid: number;
  /** Inserts of a slice. */
  readonly calls: number;
  /** Waits until everything that follows from an insert of this key is done. */
  settled(key: string): Promise<void>;
  /** The end of its log. */
  readonly said: () => string;
  close(): Promise<unknown>;
}

const ENGINES: Readonly<Record<string, () => Promise<Writer>>> = { fleet, leader, consensus };

/** Measures on one engine after the other; `KVS_BENCH_ENGINES=leader` measures on that one alone. */
export async function onEachEngine(
  measure: (engine: string, open: () => Promise<Writer>) => Promise<void>,
): Promise<void> {
  const chosen = process.env['KVS_BENCH_ENGINES']?.split(',');
  for (const [engine, open] of Object.entries(ENGINES)) {
    if (chosen?.includes(engine) === false) continue;
    if (engine === 'consensus' && which('etcd') === undefined) {
      process.stderr.write(' etcd is not installed (Debian: etcd-server): left out.');
      continue;
    }
    await measure(engine, open);
  }
}

/** Measures on a new server. */
export async function onWriter<T>(
  open: () => Promise<Writer>,
  measure: (writer: Writer) => Promise<T>,
): Promise<T> {
  const opened = await open();
  const writer = { ...opened, calls: Number(CALLS ?? opened.calls) };
  try {
    return await measure(writer);
  } finally {
    await writer.close();
  }
}

/** Inserts of new keys at one server. */
export class Inserts {
  private done = 0;
  private readonly client: KvsClient;

  constructor(private readonly writer: Writer) {
    this.client = new KvsClient(writer.port);
  }

  /** Inserts so many, and waits until everything that follows is done. */
  async play(calls: number): Promise<void> {
    const first = this.done;
    this.done += calls;
    await unaryLoad(this.writer.port, 'insert', calls, first, first + calls);
    const mark = `depois-${first}`;
    if ((await this.client.insert(mark, 'marca')) !== 1) throw new Error('the insert was refused');
    await this.writer.settled(mark);
  }
}

/** A server of the fleet with a peer, which has everything at the end of a slice. */
async function fleet(): Promise<Writer> {
  const members = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  const { port, pid, said } = await members.add(WRITER_CORE);
  const peer = await members.add(OTHERS_CORE);
  return {
    ...{ port, pid, calls: 50_000, said, close: () => members.close() },
    settled: async (key) => {
      while ((await peer.client.latest(key)) !== 1) await pause(2);
    },
  };
}

/** A leader without followers. */
async function leader(): Promise<Writer> {
  const port = String(await freePort());
  const address = `127.0.0.1:${port}`;
  const place = ['--porta-mensagem', port, '--lider', address, '--servidores-lider', address];
  return alone(['--motor', 'lider', ...place], 50_000);
}

/** A server of the consensus with three members, which do not run on its core. */
async function consensus(): Promise<Writer> {
  const cluster = await startCluster(OTHERS_CORE);
  const replicas = cluster.ports.map((port) => `127.0.0.1:${port}`).join(',');
  const writer = await alone(['--motor', 'consenso', '--replicas', replicas], 5_000);
  const close = (): Promise<unknown> =>
    Promise.all([writer.close(), ...cluster.processes.map((member) => member.kill())]);
  return { ...writer, close };
}

async function alone(engine: readonly string[], calls: number): Promise<Writer> {
  const port = await freePort();
  const args = ['servidor', String(port), ...engine, '--log-nivel', 'warn'];
  const server = await startBackground(
    { program: join(root, 'bin/kvs'), args, core: WRITER_CORE },
    'servidor pronto',
  );
  const { pid, said } = server;
  return { port, pid, calls, said, settled: () => Promise.resolve(), close: () => server.kill() };
}
