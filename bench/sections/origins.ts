import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { Fleet, hasMosquitto } from '../support/fleet.js';
import { root } from '../support/machine.js';
import { until } from '../support/processes.js';
import { programIn } from '../support/program.js';
import { memoryUse, probeOptions } from '../support/server-memory.js';
import { fixed, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

// The last leaves room below the limit for the servers that are measured.
const COUNTS = [10, 10_000, 999_000];
const KEY = 'marco';
const AT_ONCE = 900;
/** A mutation that changes nothing: only its origin is left of it. */
const NOTHING = { op: 'removeVersao', chave: KEY, versao: 1, pontos: [] };
const IDLE_MS = 10_000;

/** What origins that are gone cost: in memory, in messages while nothing happens, and when a server joins. */
export async function origins(): Promise<Table[]> {
  const rows: string[][] = [];
  for (const count of COUNTS) rows.push(await measured(count));
  return [
    {
      title: 'Origins that are gone',
      columns: [
        'Origins',
        'bytes of heap and buffers/origin',
        'a presence, bytes',
        'two idle servers, bytes/s',
        'join, seconds',
        'join, bytes exchanged',
        'a write, bytes',
      ],
      rows,
      notes: [
        'Each origin made one mutation that changes nothing and named the one before as its cause. Memory with the log of the last 65,536 batches.',
        'Bytes of a join: all between the two servers, both ways. Idle: what both announce and ask in 10 s. A write: the first of a server, an insert.',
      ],
    },
  ];
}

async function measured(count: number): Promise<string[]> {
  const fleet = await Fleet.open(
    hasMosquitto() ? 'mosquitto' : 'embedded',
    false,
    programIn(root, probeOptions()),
  );
  try {
    const first = await fleet.add();
    const client = await mqtt.connectAsync(fleet.brokerUrl, { protocolVersion: 4 });
    const before = await memoryUse([first]);
    await writeAsTheGone(client, fleet.name, count, (key) => first.client.latest(key));
    const after = await memoryUse([first]);
    const meter = await Meter.open(client, fleet.name);
    const joinMs = performance.now();
    await fleet.add();
    const joinSeconds = (performance.now() - joinMs) / 1000;
    await fleet.agreed();
    const joined = meter.take('sincronia');
    meter.take('presenca');
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const presences = meter.take('presenca');
    const idle = presences.bytes + meter.take('sincronia').bytes + meter.take('mutacoes').bytes;
    await first.client.session('uma', 'valor');
    await fleet.agreed();
    const write = meter.take('mutacoes');
    await client.endAsync();
    return [
      whole(count),
      whole((after.used - before.used) / count),
      whole(presences.bytes / presences.messages),
      whole(idle / (IDLE_MS / 1000)),
      fixed(joinSeconds, 1),
      whole(joined.bytes),
      whole(write.bytes),
    ];
  } finally {
    await fleet.close();
  }
}

/** @param latest returns the latest version of a key at the server */
async function writeAsTheGone(
  client: MqttClient,
  fleet: string,
  count: number,
  latest: (key: string) => Promise<number>,
): Promise<void> {
  const publish = (i: number, mutation: object): Promise<unknown> => {
    const origem = nameOf(i);
    const depende = i === 0 ? {} : { depende: [[nameOf(i - 1), 1]] };
    const lote = { formato: 1, tipo: 'lote', frota: fleet, origem, primeiro: 1, ...depende };
    const payload = JSON.stringify({ ...lote, mutacoes: [mutation] });
    return client.publishAsync(`kvs/${fleet}/mutacoes/${origem}`, payload, { qos: 1 });
  };
  for (let from = 0, versao = 1, last = -1; from < count; from += AT_ONCE, versao++) {
    const most = Math.min(AT_ONCE, count - from);
    const sent = Array.from({ length: most - 1 }, (_, at) => publish(from + at, NOTHING));
    const contexto = last < 0 ? {} : { contexto: [[nameOf(last), 1]] };
    last = from + most - 1;
    const ts = 1_700_000_000_000 + versao;
    sent.push(publish(last, { op: 'insere', chave: KEY, valor: 'v', versao, ts, ...contexto }));
    await Promise.all(sent);
    // The broker holds only so much for a server that is behind.
    await until('the server has them', async () => (await latest(KEY)) === versao);
  }
}

function nameOf(i: number): string {
  return `velha-${i.toString(36).padStart(6, '0')}`;
}

/** Counts what goes over the broker. */
class Meter {
  private readonly totals = new Map<string, { messages: number; bytes: number }>();

  static async open(client: MqttClient, fleet: string): Promise<Meter> {
    const meter = new Meter();
    client.on('message', (topic, payload) => meter.note(topic.split('/')[2] ?? '', payload.length));
    await client.subscribeAsync(`kvs/${fleet}/#`, { qos: 0 });
    return meter;
  }

  /** What was counted on this channel since the last call. */
  take(channel: string): { readonly messages: number; readonly bytes: number } {
    const total = this.totals.get(channel) ?? { messages: 0, bytes: 0 };
    this.totals.delete(channel);
    return total;
  }

  private note(channel: string, bytes: number): void {
    const { messages, bytes: sum } = this.totals.get(channel) ?? { messages: 0, bytes: 0 };
    this.totals.set(channel, { messages: messages + 1, bytes: sum + bytes });
  }
}
