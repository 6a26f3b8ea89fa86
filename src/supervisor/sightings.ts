import { parseTopic } from '../engines/fleet/bus/topics.js';
import { STATES, TYPES } from '../engines/fleet/bus/message-shapes.js';
import { laboratoryLimits } from '../laboratory/limits.js';
import type { SeenMessage, TracedStep } from '../laboratory/observation.js';
import type { MessageEffect, RecordedHost } from '../laboratory/recording.js';
import type { TraceLine } from './faults.js';
import { digestOf } from './observer.js';

const STEPS: Readonly<Record<string, TracedStep['step']>> = {
  envia: 'sent',
  recebe: 'received',
  descarta_saida: 'droppedOut',
  descarta_entrada: 'droppedIn',
};

const EFFECTS: readonly MessageEffect[] = ['applied', 'known', 'held', 'noted', 'answered', 'ignored'];

/** Names of messages by their word on the wire. */
const NAMES = new Map<string, string>(Object.entries(TYPES).map(([name, word]) => [word, name]));

/** Makes of what servers and broker tell the same messages: who sent them, to whom, what they say. */
export class Sightings {
  /** The host of an origin: one start of a server. */
  private readonly byOrigin = new Map<string, string>();
  private readonly byAddress: ReadonlyMap<string, string>;

  /** @param addresses of hosts, beside those that they have */
  constructor(
    private readonly hosts: readonly RecordedHost[],
    addresses: ReadonlyMap<string, string>,
  ) {
    this.byAddress = new Map([...hosts.map(({ address, id }) => [address, id] as const), ...addresses]);
  }

  noteOrigin(host: string, origin: string): void {
    if (origin !== '') this.byOrigin.set(origin, host);
  }

  /** Another address of a host. */
  hostAt(address: string): string | undefined {
    return this.byAddress.get(address);
  }

  /** What a server tells of a message; `undefined`: of a kind that a newer program tells. */
  traced(host: string, t: number, line: TraceLine): TracedStep | undefined {
    const step = STEPS[line.step];
    if (step === undefined) return undefined;
    const topic = parseTopic(line.channel);
    if (topic !== undefined && step !== 'received' && step !== 'droppedIn') this.noteOrigin(host, topic.from);
    const isArrival = step === 'received' || step === 'droppedIn';
    const other = topic === undefined ? this.byAddress.get(line.channel) : undefined;
    const between = isArrival ? { from: other, to: host } : { from: host, to: other };
    const ends = topic === undefined ? between : { from: undefined, to: this.addressee(line.channel) };
    const message = {
      ...{ ...ends, topic: topic === undefined ? '' : line.channel, type: line.type, bytes: line.bytes },
      ...{ ...textOf(line.body, line.bytes), digest: line.digest },
    };
    const effect = EFFECTS.find((known) => known === line.effect) ?? 'ignored';
    return { kind: 'traced', t, host, step, message, effect, applied: line.applied };
  }

  /** What the broker has given to the recorder. */
  relayed(topic: string, payload: Buffer): SeenMessage {
    const fields = fieldsOf(payload);
    const parts = parseTopic(topic);
    if (parts?.channel === 'presence' && typeof fields['nome'] === 'string') {
      if (this.hosts.some(({ id }) => id === fields['nome'])) this.noteOrigin(fields['nome'], parts.from);
    }
    return {
      ...{ from: undefined, to: this.addressee(topic), topic, bytes: payload.length },
      type: NAMES.get(String(fields['tipo'])) ?? '',
      ...{ ...textOf(payload, payload.length), digest: digestOf(payload) },
    };
  }

  /** Who must have sent a message that no sender told of; `undefined`: the broker itself did. */
  senderOf({ topic, body, isCut }: SeenMessage): string | undefined {
    const parts = parseTopic(topic);
    if (parts === undefined) return undefined;
    const isWill = !isCut && parts.channel === 'presence' && isFarewell(fieldsOf(Buffer.from(body)));
    return isWill ? undefined : this.byOrigin.get(parts.from);
  }

  private addressee(topic: string): string | undefined {
    const parts = parseTopic(topic);
    return parts?.channel === 'sync' ? this.byOrigin.get(parts.to) : undefined;
  }
}

/** The last presence of a server; of one that has vanished the broker says it, as it was told beforehand. */
function isFarewell(fields: Readonly<Record<string, unknown>>): boolean {
  return fields['estado'] === STATES.leaving && fields['numero'] === undefined;
}

function fieldsOf(payload: Buffer): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(payload.toString())) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function textOf(body: Buffer, bytes: number): { readonly body: string; readonly isCut: boolean } {
  const most = laboratoryLimits.bodyBytes;
  return { body: body.subarray(0, most).toString(), isCut: body.length > most || bytes > most };
}
