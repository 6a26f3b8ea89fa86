/**
 * A load generator for the door of MQTT.
 *
 *     node mqtt-load.js <broker> <fleet> grava|pede <calls> <first key number> <in flight>
 *     node mqtt-load.js <broker> <fleet> valor <calls> <first key number> <other inserts a second>
 *
 * `grava` publishes values with QoS 1, so many unacknowledged at once; `pede` asks for inserts and waits for each answer;
 * `valor` publishes one value after the other and waits until the mirror shows it. Prints one JSON object.
 */
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { valueOf } from './support/messages.js';
import { pause } from './support/processes.js';
import { percentile } from './support/stats.js';
import { keyOf } from './support/unary-calls.js';

/** One value each so many ms at most: the idle server has done everything else meanwhile. */
const SINGLE_EVERY_MS = 20;
const OTHERS_EVERY_MS = 10;
const ANSWER_MS_MAX = 30_000;

const [broker = '', fleet = '', kind = '', callText, firstText, lastText] = process.argv.slice(2);
const [calls, first, last] = [Number(callText), Number(firstText), Number(lastText)];
const topics = `kvs/${fleet}`;
const client = await mqtt.connectAsync(broker, { protocolVersion: 4, clientId: `carga-${process.pid}` });

/** @returns ms of each of the calls, so many of them under way at once */
async function inFlight(lanes: number, call: (number: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) {
      const number = first + next++;
      const startMs = performance.now();
      await call(number);
      times.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return times;
}

function grava(number: number): Promise<unknown> {
  return client.publishAsync(`${topics}/grava/${keyOf(number)}`, valueOf(number), { qos: 1 });
}

/** What waits for a message on a topic. */
class Arrivals {
  private readonly waiting = new Map<string, (payload: Buffer) => void>();

  constructor(from: MqttClient) {
    from.on('message', (topic, payload) => this.waiting.get(topic)?.(payload));
  }

  /** Resolves at the first message on it that is the right one. @throws Error if none comes in time */
  next(topic: string, isRight: (text: string) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no message on ${topic}`)), ANSWER_MS_MAX);
      this.waiting.set(topic, (payload) => {
        if (!isRight(payload.toString())) return;
        clearTimeout(late);
        this.waiting.delete(topic);
        resolve();
      });
    });
  }
}

async function pede(): Promise<number[]> {
  const me = `carga${process.pid}`;
  const arrivals = new Arrivals(client);
  await client.subscribeAsync(`${topics}/resposta/${me}/+`, { qos: 1 });
  return inFlight(last, async (number) => {
    const question = JSON.stringify({ op: 'insere', chave: keyOf(number), valor: valueOf(number) });
    const answered = arrivals.next(`${topics}/resposta/${me}/${number}`, (text) => {
      if ((JSON.parse(text) as { versao?: number }).versao === 1) return true;
      throw new Error(`not the answer that is expected: ${text}`);
    });
    await client.publishAsync(`${topics}/pede/${me}/${number}`, question, { qos: 1 });
    await answered;
  });
}

/** A connection of its own writes other keys meanwhile, which nobody subscribes to. */
async function valor(): Promise<number[]> {
  const arrivals = new Arrivals(client);
  await client.subscribeAsync(`${topics}/valor/${keyOf(first)}`, { qos: 1 });
  const others = await mqtt.connectAsync(broker, { protocolVersion: 4, clientId: `outros-${process.pid}` });
  const startMs = performance.now();
  let written = 0;
  const writing = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * last) / 1000);
    for (; written < due; written++)
      others.publish(`${topics}/grava/outra-${written % 1_000}`, valueOf(written), { qos: 1 });
  }, OTHERS_EVERY_MS);
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const sentMs = performance.now();
    const value = `${first}-${call}`;
    const shown = arrivals.next(`${topics}/valor/${keyOf(first)}`, (text) => text === value);
    client.publish(`${topics}/grava/${keyOf(first)}`, value, { qos: 1 });
    await shown;
    times.push(performance.now() - sentMs);
    // At no fixed distance, since the mirror gathers what comes within a few ms.
    await pause(SINGLE_EVERY_MS * (0.5 + Math.random()));
  }
  clearInterval(writing);
  await others.endAsync(true);
  return times;
}

const startMs = performance.now();
const times = kind === 'grava' ? await inFlight(last, grava) : await (kind === 'pede' ? pede() : valor());
const seconds = (performance.now() - startMs) / 1000;
await client.endAsync(true);
console.log(
  JSON.stringify({
    calls: times.length,
    ...{ seconds, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) },
  }),
);
