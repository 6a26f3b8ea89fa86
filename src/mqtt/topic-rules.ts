import { asInTopic } from '../core/topic-key.js';
import { permits } from '../ports/access.js';
import type { Identity, Permission } from '../ports/access.js';

/** The part of an identity that topics depend on. */
export type TopicIdentity = Pick<Identity, 'name' | 'role' | 'prefixes'>;

/** Filters for where an identity may publish, and of what it may receive. */
interface TopicGrants {
  readonly publish: readonly string[];
  readonly receive: readonly string[];
}

const PORTAL = 'portal/#';
/**
 * Where requests to the portal are published: `portal/admin/<base>/<operation>`. Not
 * `portal/admin/matricula/excedente`, where servers report enrolments that they have undone.
 */
const PORTAL_REQUESTS = ['aluno', 'professor', 'disciplina'].map((base) => `portal/admin/${base}/+`);
const PORTAL_KEYS = 'portal/';

/** What servers say to each other. */
const BETWEEN_SERVERS = ['mutacoes/+', 'presenca/+', 'sincronia/+/+'];
/** What servers tell everybody. Not answers, which are for one user. */
const TOLD = ['valor/#', 'recusa/#', 'espelho'];
/** What clients ask of servers. */
const ASKED = ['grava/#', 'remove/#', 'pede/#'];

/** Topics of which the rest is a key, and what they show or do with it. */
const OF_KEYS: readonly (readonly [folder: string, does: 'publish' | 'receive'])[] = [
  ['grava', 'publish'],
  ['remove', 'publish'],
  ['valor', 'receive'],
  ['recusa', 'receive'],
];

/**
 * What a role may do with the topics of one fleet, and nothing else: no `$SYS`, no other fleet.
 * `deploy/mosquitto/mosquitto-acl.conf` says the same to Mosquitto, and a test compares them. Of keys it has what filters
 * can say; {@link mayPublish} and {@link maySubscribe} know more.
 *
 * A server's credential does not ask in the name of others: with a fleet key nobody who stole it could do more than lie
 * about values and answers.
 */
export function topicGrants(identity: TopicIdentity, fleet: string): TopicGrants {
  const of = (topics: readonly string[]): string[] => topics.map((topic) => `kvs/${fleet}/${topic}`);
  const { name, role, prefixes } = identity;
  const asks = of([`pede/${name}/+`]);
  if (role === 'servidor') {
    const said = of([...BETWEEN_SERVERS, ...TOLD, 'resposta/+/+']);
    // What it asks, it is refused like on every door.
    return { publish: [...said, ...asks, PORTAL], receive: [`kvs/${fleet}/#`, PORTAL] };
  }
  const answers = of([`resposta/${name}/+`]);
  if (role === 'administracao') {
    return {
      publish: [...of(['grava/#', 'remove/#']), ...asks, ...PORTAL_REQUESTS],
      receive: [...of([...BETWEEN_SERVERS, ...TOLD, ...ASKED]), ...answers, PORTAL],
    };
  }
  const ofKeys = (wanted: 'publish' | 'receive'): string[] =>
    of(
      OF_KEYS.filter(([, does]) => does === wanted).flatMap(([folder]) =>
        prefixes.map((prefix) => `${folder}/${filterOfPrefix(prefix)}`),
      ),
    );
  const writes = role === 'escrita';
  return {
    publish: [
      ...(writes ? ofKeys('publish') : []),
      ...asks,
      ...(covered(identity, 'write', PORTAL_KEYS) ? PORTAL_REQUESTS : []),
    ],
    receive: [
      ...ofKeys('receive'),
      ...of(['espelho']),
      ...answers,
      ...(covered(identity, 'read', PORTAL_KEYS) ? [PORTAL] : []),
    ],
  };
}

/** Whether an identity may publish on a topic of a fleet, also as a last will. */
export function mayPublish(identity: TopicIdentity, fleet: string, topic: string): boolean {
  if (/[+#]/.test(topic)) return false;
  const key = ofKey(fleet, topic, 'publish');
  if (key !== undefined) return covered(identity, 'write', key);
  return topicGrants(identity, fleet).publish.some((granted) => coversFilter(granted, topic));
}

/** Whether a message on a topic may be delivered to an identity. */
export function mayReceive(identity: TopicIdentity, fleet: string, topic: string): boolean {
  const key = ofKey(fleet, topic, 'receive');
  if (key !== undefined && identity.role !== 'servidor') return covered(identity, 'read', key);
  return topicGrants(identity, fleet).receive.some((granted) => coversFilter(granted, topic));
}

/**
 * Whether an identity may subscribe to a filter: to all that it matches. An administrator also to all of the fleet, of
 * which the answers to others are not delivered: whoever has a subscription asks {@link mayReceive} as well.
 */
export function maySubscribe(identity: TopicIdentity, fleet: string, filter: string): boolean {
  const { name, role } = identity;
  if (role !== 'servidor') {
    // Answers lie one level deep; people subscribe to all that there might be.
    if (coversFilter(`kvs/${fleet}/resposta/${name}/#`, filter)) return true;
    if (role === 'administracao' && coversFilter(`kvs/${fleet}/#`, filter)) {
      return !coversFilter(`kvs/${fleet}/resposta/#`, filter);
    }
    const rest = ofKey(fleet, filter, 'receive');
    if (rest !== undefined) return covered(identity, 'read', commonPrefix(rest));
  }
  return topicGrants(identity, fleet).receive.some((granted) => coversFilter(granted, filter));
}

/** The key of a topic, as it is written there, or what stands in its place in a filter; `undefined` if it has none. */
function ofKey(fleet: string, topic: string, wanted: 'publish' | 'receive'): string | undefined {
  for (const [folder, does] of OF_KEYS) {
    const start = `kvs/${fleet}/${folder}/`;
    if (does === wanted && topic.startsWith(start)) return topic.slice(start.length);
  }
  return undefined;
}

/** How every key begins that a filter matches. `a/+` matches keys below `a/`, and `a/#` matches `a` too. */
function commonPrefix(filter: string): string {
  const levels = filter.split('/');
  const wild = levels.findIndex((level) => /[+#]/.test(level));
  if (wild < 0) return filter;
  const known = levels.slice(0, wild).join('/');
  return levels[wild] === '+' && wild > 0 ? `${known}/` : known;
}

/**
 * A filter that matches keys with a prefix and no others. It matches all of them if the prefix is empty or ends with
 * `/`; else the key that is the prefix, and those below it, since filters cannot end within a level.
 */
function filterOfPrefix(prefix: string): string {
  const written = asInTopic(prefix);
  if (written === '') return '#';
  return written.endsWith('/') ? `${written}+/#` : `${written}/#`;
}

/**
 * Keys and prefixes are compared as topics write them. Each character is written for itself, so this is the same as
 * comparing the keys, and a second way of writing one is no way around it.
 */
function covered({ name, role, prefixes }: TopicIdentity, permission: Permission, written: string): boolean {
  return permits({ name, role, valid: true, prefixes: prefixes.map(asInTopic) }, permission, written);
}

/** Whether every topic that `filter` matches is matched by `granted` too. A topic is a filter that matches itself. */
export function coversFilter(granted: string, filter: string): boolean {
  const asked = filter.split('/');
  for (const [index, level] of granted.split('/').entries()) {
    // `a/#` matches `a` too.
    if (level === '#') return asked.length >= index;
    const wanted = asked[index];
    if (wanted === undefined || wanted === '#') return false;
    if (level !== '+' && level !== wanted) return false;
  }
  return asked.length === granted.split('/').length;
}
