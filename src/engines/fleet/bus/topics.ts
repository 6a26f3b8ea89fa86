import { ORIGIN_PATTERN } from '../../../core/dot.js';
import type { Origin } from '../../../core/dot.js';
import type { Message } from '../../../ports/bus.js';
import type { Contact } from './contact.js';

/** What a topic says about its message. Batches and presence go to every server, sync messages to one. */
export type TopicParts =
  | { readonly channel: 'batches' | 'presence'; readonly fleet: string; readonly from: Origin }
  | { readonly channel: 'sync'; readonly fleet: string; readonly to: Origin; readonly from: Origin };

const ROOT = 'kvs';
const BATCHES = 'mutacoes';
const PRESENCE = 'presenca';
const SYNC = 'sincronia';

/** The topic of a message of `fleet`. */
export function topicOf(fleet: string, message: Message | Contact): string {
  switch (message.type) {
    case 'batch':
      return `${ROOT}/${fleet}/${BATCHES}/${message.batch.origin}`;
    case 'presence':
      return `${ROOT}/${fleet}/${PRESENCE}/${message.origin}`;
    default:
      return `${ROOT}/${fleet}/${SYNC}/${message.to}/${message.from}`;
  }
}

/** The topic on which a server sends messages to itself. */
export function ownTopic(fleet: string, self: Origin): string {
  return `${ROOT}/${fleet}/${SYNC}/${self}/${self}`;
}

/** The parts of a topic; `undefined` if it is not one of ours. */
export function parseTopic(topic: string): TopicParts | undefined {
  const [root, fleet, channel, first, second, ...rest] = topic.split('/', 6);
  if (root !== ROOT || rest.length > 0 || !isName(fleet) || !isName(first)) return undefined;
  if (channel === SYNC)
    return isName(second) ? { channel: 'sync', fleet, to: first, from: second } : undefined;
  if (second !== undefined) return undefined;
  if (channel === BATCHES) return { channel: 'batches', fleet, from: first };
  if (channel === PRESENCE) return { channel: 'presence', fleet, from: first };
  return undefined;
}

/** What a server subscribes to: everyone's batches and presence, and what is addressed to it. */
export function subscriptionFilters(fleet: string, self: Origin): readonly string[] {
  return [
    `${ROOT}/${fleet}/${BATCHES}/+`,
    `${ROOT}/${fleet}/${PRESENCE}/+`,
    `${ROOT}/${fleet}/${SYNC}/${self}/+`,
  ];
}

function isName(text: string | undefined): text is string {
  return text !== undefined && ORIGIN_PATTERN.test(text);
}
