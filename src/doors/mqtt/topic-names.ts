/** The topics of a fleet, and how keys are written in them. Pure. */
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { asInTopic } from '../../core/topic-key.js';
import { isWellFormed } from '../../core/well-formed.js';
import { mqttDoorLimits } from './limits.js';

/** The parts of a fleet's topics, `kvs/<frota>/<part>/…`. */
export const PARTS = Object.freeze({
  value: 'valor',
  write: 'grava',
  remove: 'remove',
  question: 'pede',
  answer: 'resposta',
  refusal: 'recusa',
  mirror: 'espelho',
});
type TopicPart = (typeof PARTS)[keyof typeof PARTS];

/** Topics of one fleet. */
export class FleetTopics {
  private readonly root: string;

  /** @param fleet its name, of letters, digits, `-` and `_` */
  constructor(readonly fleet: string) {
    this.root = `kvs/${fleet}/`;
  }

  /** `kvs/<frota>/<part>`. */
  of(part: TopicPart): string {
    return this.root + part;
  }

  /** All topics below a part, and the part itself. */
  below(part: TopicPart): string {
    return `${this.root}${part}/#`;
  }

  /** The topic of a key; `undefined` if it has none: see {@link topicKey}. */
  ofKey(part: TopicPart, key: string): string | undefined {
    const rest = topicKey(key);
    if (rest === undefined) return undefined;
    const topic = `${this.root}${part}/${rest}`;
    return isShort(topic) ? topic : undefined;
  }

  /** What follows `kvs/<frota>/<part>/`; `undefined` if the topic is none of these. */
  rest(part: TopicPart, topic: string): string | undefined {
    const start = `${this.root}${part}/`;
    return topic.startsWith(start) ? topic.slice(start.length) : undefined;
  }

  /** A topic below a part with this rest, as it came in another topic; `undefined` if it is too long. */
  withRest(part: TopicPart, rest: string): string | undefined {
    const topic = `${this.root}${part}/${rest}`;
    return isShort(topic) ? topic : undefined;
  }
}

function isShort(topic: string): boolean {
  return topic.length <= mqttDoorLimits.topicBytes && Buffer.byteLength(topic) <= mqttDoorLimits.topicBytes;
}

/** A key as the rest of a topic has it; `undefined` if it has too many levels or no UTF-8. */
function topicKey(key: string): string | undefined {
  if (hasManyLevels(key) || !isWellFormed(key)) return undefined;
  return asInTopic(key);
}

/**
 * The key that the rest of a topic stands for. Each key has one topic: what is encoded without need is refused, so that
 * nobody writes under one name what the mirror shows under another, and brokers that compare topics know the keys.
 * @throws KvsError CHAVE_INVALIDA, CHAVE_LONGA
 */
export function keyOfTopic(rest: string): string {
  if (hasManyLevels(rest)) {
    throw new KvsError(
      'CHAVE_INVALIDA',
      `a chave tem mais de ${String(mqttDoorLimits.keyLevels)} níveis: por MQTT não passa, por gRPC e HTTP sim`,
    );
  }
  const key = decoded(rest);
  if (key === undefined || topicKey(key) !== rest) {
    throw new KvsError(
      'CHAVE_INVALIDA',
      'no tópico, só %, +, # e caracteres de controle vêm codificados, com letras maiúsculas: %25, %2B, %23, %00',
    );
  }
  if (Buffer.byteLength(key) > limits.keyBytes) {
    throw new KvsError('CHAVE_LONGA', `a chave passa de ${String(limits.keyBytes)} bytes`);
  }
  return key;
}

function decoded(rest: string): string | undefined {
  if (!rest.includes('%')) return rest;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

/** Whether every broker lets a topic be published: one may cut the connection of whoever tries another. */
export function isPublishable(topic: string): boolean {
  const forbidden = asInTopic(topic.replaceAll('%', '')).includes('%');
  return !forbidden && topic !== '' && isWellFormed(topic) && isShort(topic) && !hasManyLevels(topic);
}

function hasManyLevels(text: string): boolean {
  let levels = 1;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) {
    if (++levels > mqttDoorLimits.keyLevels) return true;
  }
  return false;
}
