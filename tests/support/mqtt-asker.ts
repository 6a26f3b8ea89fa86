import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';

/** How long an answer may take before the question is asked again. */
const AGAIN_MS = 2_000;

/** An answer, or a refusal: `codigo`. */
export type MqttAnswer = Readonly<Record<string, unknown>>;

/** A client of MQTT 3.1.1 that asks at `pede/`, again and again until it is answered, as the guide tells people to. */
export class MqttAsker {
  /** Questions that were sent, repeated ones included. */
  asked = 0;
  /** The last number of a question of any client: no two ask at the same topic. */
  private static last = 0;
  private readonly waiting = new Map<string, (answer: MqttAnswer) => void>();

  private constructor(
    private readonly client: MqttClient,
    private readonly root: string,
    private readonly name: string,
  ) {
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => {
      this.waiting.get(topic)?.(JSON.parse(payload.toString()) as MqttAnswer);
    });
  }

  static async open(port: number, fleet: string): Promise<MqttAsker> {
    const url = `mqtt://127.0.0.1:${String(port)}`;
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 100, connectTimeout: 2_000 });
    const name = `quem-pede-${String(process.pid)}-${String(++MqttAsker.last)}`;
    const asker = new MqttAsker(client, `kvs/${fleet}/`, name);
    await client.subscribeAsync(`kvs/${fleet}/resposta/${name}/+`, { qos: 1 });
    return asker;
  }

  /** @throws Error if nobody has answered by then */
  async ask(question: object, deadlineMs = 90_000): Promise<MqttAnswer> {
    const place = `${this.name}/${String(++MqttAsker.last)}`;
    const topic = `${this.root}resposta/${place}`;
    const text = JSON.stringify(question);
    const send = (): void => {
      this.asked++;
      if (this.client.connected) this.client.publish(`${this.root}pede/${place}`, text, { qos: 1 });
    };
    try {
      return await new Promise<MqttAnswer>((resolve, reject) => {
        const again = setInterval(send, AGAIN_MS);
        const late = setTimeout(() => reject(new Error(`no answer to ${text.slice(0, 200)}`)), deadlineMs);
        this.waiting.set(topic, (answer) => {
          clearInterval(again);
          clearTimeout(late);
          resolve(answer);
        });
        send();
      });
    } finally {
      this.waiting.delete(topic);
    }
  }

  close(): void {
    this.client.end(true);
  }
}

/**
 * Writes a version after the other, each with a request id, until it is told to stop: what it was answered is there
 * afterwards, each once.
 */
export class FaithfulWriter {
  readonly answered: string[] = [];
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly asker: MqttAsker,
    readonly key: string,
  ) {
    this.done = this.write();
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  private async write(): Promise<void> {
    for (let i = 1; !this.isOver; i++) {
      const valor = `${this.key} ${String(i)}`;
      const pedido = randomUUID();
      const answer = await this.asker.ask({ op: 'insere', chave: this.key, valor, pedido });
      if (answer['codigo'] === undefined) this.answered.push(valor);
      else if (!MAY_REFUSE.has(answer['codigo'])) throw new Error(JSON.stringify(answer));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What a server may say while others are away: it did not write. */
const MAY_REFUSE: ReadonlySet<unknown> = new Set(['INICIANDO', 'SERVIDOR_SAINDO', 'LIMITE_FILA']);
