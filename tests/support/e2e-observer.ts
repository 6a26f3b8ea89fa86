import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';

/** What a presence says, of what tests look at. */
export interface ObservedPresence {
  readonly origem: string;
  readonly estado: string;
  /** Wall clock of the sender when it sent this, ms since 1970. */
  readonly relogio: number;
  readonly resumo: string;
  readonly hash: string;
}

/** `presence` costs little; `everything` reads each batch, also those in answers to peers, and each state page. */
export type Scope = 'presence' | 'everything';

interface WireBatch {
  readonly origem: string;
  readonly primeiro: number;
  readonly mutacoes: readonly WireMutation[];
}

interface WireMutation {
  readonly op: string;
  readonly chave: string;
  readonly valor?: string;
  readonly versao?: number;
  readonly ts?: number;
}

interface WireKey {
  readonly chave: string;
  readonly entradas: readonly {
    readonly versao: number;
    readonly ts: number;
    readonly origem: string;
    readonly seq: number;
    readonly valor: string;
  }[];
}

/** Listens to a fleet on its broker, as anyone may, and connects again whenever the broker comes back. */
export class FleetObserver {
  /** The latest presence of each origin. */
  readonly presences = new Map<string, ObservedPresence>();
  /** Dots that were seen with two different contents. */
  readonly contradictions: string[] = [];
  /** What was seen of each dot: the whole mutation, and the entry that it makes. */
  private readonly mutations = new Map<string, string>();
  private readonly entries = new Map<string, string>();

  private constructor(private readonly client: MqttClient) {}

  /** @param read a payload as JSON, where it is sealed */
  static open(
    url: string,
    fleet: string,
    scope: Scope,
    read: (topic: string, payload: Buffer) => Buffer = (_topic, payload) => payload,
  ): FleetObserver {
    const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 100, resubscribe: false });
    const observer = new FleetObserver(client);
    client.on('error', () => undefined);
    client.on('connect', () => {
      const filter = scope === 'presence' ? `kvs/${fleet}/presenca/+` : `kvs/${fleet}/#`;
      client.subscribe(filter, { qos: 1 }, () => undefined);
    });
    client.on('message', (topic, payload) => {
      observer.take(JSON.parse(read(topic, payload).toString()) as Record<string, unknown>);
    });
    return observer;
  }

  /** Dots seen so far. */
  get dots(): number {
    return this.mutations.size;
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }

  private take(message: Record<string, unknown>): void {
    switch (message['tipo']) {
      case 'presenca': {
        const presence = message as unknown as ObservedPresence;
        this.presences.set(presence.origem, presence);
        break;
      }
      case 'lote':
        this.takeBatch(message as unknown as WireBatch);
        break;
      case 'lotes':
      case 'estado':
        for (const batch of (message['lotes'] ?? []) as readonly WireBatch[]) this.takeBatch(batch);
        for (const key of (message['chaves'] ?? []) as readonly WireKey[]) this.takeKey(key);
    }
  }

  private takeBatch({ origem, primeiro, mutacoes }: WireBatch): void {
    mutacoes.forEach((mutation, index) => {
      const dot = `${origem}:${primeiro + index}`;
      this.compare(this.mutations, dot, JSON.stringify(mutation));
      if (mutation.op === 'insere') {
        const { chave, versao, ts, valor } = mutation;
        this.compare(this.entries, dot, JSON.stringify([chave, versao, ts, valor]));
      }
    });
  }

  private takeKey({ chave, entradas }: WireKey): void {
    for (const { origem, seq, versao, ts, valor } of entradas) {
      this.compare(this.entries, `${origem}:${seq}`, JSON.stringify([chave, versao, ts, valor]));
    }
  }

  private compare(seen: Map<string, string>, dot: string, content: string): void {
    const before = seen.get(dot);
    if (before === undefined) seen.set(dot, content);
    else if (before !== content) this.contradictions.push(`${dot}: ${before} and ${content}`);
  }
}
