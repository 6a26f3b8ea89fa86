import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { eventually } from './eventually.js';
import type { KvsClient } from './kvs-client.js';

const PATIENCE_MS = 60_000;
/**
 * A broker that says nothing for so long has sent all that it retains. What is missing is looked for again, and a busy
 * broker is waited for longer each time, up to the second.
 */
const SILENT_MS = { first: 250, most: 4_000 } as const;

/** What the values of a fleet look like to a dashboard: a client that stays, and hears everything. */
export class MirrorWatcher {
  /** What it has heard last of each key. */
  readonly values = new Map<string, string>();
  /** Keys of which it heard something older after something newer; their values are numbers that only grow. */
  readonly older: string[] = [];
  messages = 0;
  private readonly start: string;

  private constructor(
    private readonly client: MqttClient,
    fleet: string,
  ) {
    this.start = `kvs/${fleet}/valor/`;
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => {
      this.hear(topic.slice(this.start.length), payload.toString());
    });
  }

  static async open(port: number, fleet: string): Promise<MirrorWatcher> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      reconnectPeriod: 100,
      connectTimeout: 2_000,
    });
    const watcher = new MirrorWatcher(client, fleet);
    await client.subscribeAsync(`kvs/${fleet}/valor/#`, { qos: 1 });
    return watcher;
  }

  /** Publishes a value as any client would. */
  write(key: string, value: string): void {
    this.client.publish(this.start.replace('/valor/', '/grava/') + key, value, { qos: 1 });
  }

  close(): void {
    this.client.end(true);
  }

  private hear(key: string, value: string): void {
    this.messages++;
    const before = Number(this.values.get(key) ?? 0);
    if (value !== '' && Number(value) < before) this.older.push(`${key}: ${value} after ${before}`);
    if (value === '') this.values.delete(key);
    else this.values.set(key, value);
  }
}

/** Hears the versions of values as they are published, by MQTT 5; what a broker has retained is not news. */
export class VersionWatcher {
  messages = 0;
  private readonly last = new Map<string, number>();
  /** Steps back, by key. */
  private back = new Map<string, string[]>();

  private constructor(
    private readonly client: MqttClient,
    start: string,
  ) {
    client.on('error', () => undefined);
    client.on('message', (topic, _payload, { retain, properties }) => {
      const version = Number(properties?.userProperties?.['versao']);
      if (retain || Number.isNaN(version)) return;
      this.messages++;
      const key = topic.slice(start.length);
      const before = this.last.get(key) ?? 0;
      if (version < before) {
        this.back.set(key, [...(this.back.get(key) ?? []), `${String(version)} after ${String(before)}`]);
      }
      this.last.set(key, version);
    });
  }

  static async open(port: number, fleet: string): Promise<VersionWatcher> {
    const start = `kvs/${fleet}/valor/`;
    const url = `mqtt://127.0.0.1:${String(port)}`;
    const client = await mqtt.connectAsync(url, {
      ...{ protocolVersion: 5, reconnectPeriod: 100, connectTimeout: 2_000 },
    });
    const watcher = new VersionWatcher(client, start);
    await client.subscribeAsync(`${start}#`, { qos: 1 });
    return watcher;
  }

  /** Steps back since it was last asked, by key. */
  takeBack(): ReadonlyMap<string, readonly string[]> {
    const { back } = this;
    this.back = new Map();
    return back;
  }

  close(): void {
    this.client.end(true);
  }
}

/** What a broker retains below `valor/`, as who comes now finds it, by key. @param expected how many there should be */
async function retainedAt(
  port: number,
  fleet: string,
  expected: number,
  silentMs: number,
): Promise<Map<string, string>> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    connectTimeout: 2_000,
  });
  const found = new Map<string, string>();
  const start = `kvs/${fleet}/valor/`;
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, expected === 0 ? SILENT_MS.most : silentMs);
    client.on('message', (topic, payload, { retain }) => {
      if (retain) found.set(topic.slice(start.length), payload.toString());
      clearTimeout(timer);
      timer = setTimeout(resolve, found.size < expected ? silentMs : 50);
    });
    client.subscribe(`${start}#`, { qos: 1 });
  });
  client.end(true);
  return found;
}

/** Waits until what the broker retains is what the server says, no more and no less. */
export async function mirrored(
  what: string,
  port: number,
  fleet: string,
  client: KvsClient,
): Promise<number> {
  let silentMs: number = SILENT_MS.first;
  return eventually(
    what,
    async () => {
      const rows = (await client.snapshot()).filter(({ chave }) => chave !== '');
      const found = await retainedAt(port, fleet, rows.length, silentMs);
      silentMs = Math.min(2 * silentMs, SILENT_MS.most);
      const wrong = rows.filter(({ chave, valor }) => found.get(chave) !== valor);
      const extra = [...found.keys()].filter((key) => !rows.some(({ chave }) => chave === key)).slice(0, 3);
      if (wrong.length > 0 || found.size !== rows.length) {
        throw new Error(
          `${found.size} of ${rows.length}, ${wrong.length} wrong: ${JSON.stringify(wrong.slice(0, 3))} ${extra.join()}`,
        );
      }
      return rows.length;
    },
    PATIENCE_MS,
  );
}
