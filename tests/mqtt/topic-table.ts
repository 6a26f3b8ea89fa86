import type { TopicIdentity } from '../../src/mqtt/topic-rules.js';

/** The users of `mosquitto-acl.conf`, and what they are to the embedded broker. */
export const PEOPLE = {
  servidor: { role: 'servidor', prefixes: [] },
  admin: { role: 'administracao', prefixes: [] },
  escrita: { role: 'escrita', prefixes: ['portal/'] },
  leitura: { role: 'leitura', prefixes: ['portal/'] },
  nada: { role: 'escrita', prefixes: ['outra/'] },
} as const satisfies Record<string, TopicIdentity>;
export type Person = keyof typeof PEOPLE;

export const PASSWORD = 'senha-de-teste-';

/**
 * What somebody tries, and whether it takes effect: a publish reaches a server that listens, a subscription brings what is
 * published on `probe`.
 */
export type Attempt =
  | {
      readonly who: Person;
      readonly does: 'publishes' | 'leaves a will';
      readonly topic: string;
      readonly works: boolean;
    }
  | {
      readonly who: Person;
      readonly does: 'subscribes';
      readonly filter: string;
      readonly probe: string;
      readonly works: boolean;
    };

const BATCHES = 'kvs/padrao/mutacoes/oA';
const REQUEST = 'portal/admin/aluno/create';

export const ATTEMPTS: readonly Attempt[] = [
  { who: 'servidor', does: 'publishes', topic: BATCHES, works: true },
  { who: 'servidor', does: 'publishes', topic: REQUEST, works: true },
  { who: 'servidor', does: 'leaves a will', topic: BATCHES, works: true },
  { who: 'servidor', does: 'subscribes', filter: 'kvs/padrao/mutacoes/+', probe: BATCHES, works: true },
  { who: 'servidor', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'admin', does: 'subscribes', filter: 'kvs/padrao/#', probe: BATCHES, works: true },
  { who: 'admin', does: 'publishes', topic: REQUEST, works: true },
  { who: 'admin', does: 'publishes', topic: BATCHES, works: false },
  { who: 'escrita', does: 'publishes', topic: REQUEST, works: true },
  { who: 'escrita', does: 'leaves a will', topic: REQUEST, works: true },
  { who: 'escrita', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'escrita', does: 'publishes', topic: BATCHES, works: false },
  { who: 'escrita', does: 'publishes', topic: 'portal/outra/coisa', works: false },
  { who: 'escrita', does: 'publishes', topic: 'portal/admin/matricula/excedente', works: false },
  { who: 'escrita', does: 'leaves a will', topic: BATCHES, works: false },
  { who: 'escrita', does: 'subscribes', filter: '#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'leitura', does: 'subscribes', filter: '#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: '+/+/+/+', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: 'kvs/padrao/#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'publishes', topic: REQUEST, works: false },
  { who: 'leitura', does: 'leaves a will', topic: REQUEST, works: false },
  { who: 'nada', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: false },
  { who: 'nada', does: 'subscribes', filter: '#', probe: REQUEST, works: false },
  { who: 'nada', does: 'publishes', topic: REQUEST, works: false },
];
