import * as z from 'zod/mini';
import { limits } from '../core/limits.js';
import { laboratoryLimits } from './limits.js';
import type { RecordedEvent, RecordingHeader } from './recording.js';

const name = z.string().check(z.minLength(1), z.maxLength(laboratoryLimits.nameChars));
const text = z.string().check(z.maxLength(laboratoryLimits.nameChars));
const data = z.string().check(z.maxLength(limits.valueBytes));
const count = z.int().check(z.minimum(0));
/** Of which there is a date. */
const moment = z.int().check(z.minimum(0), z.maximum(8_640_000_000_000_000));
const yes = z.exactOptional(z.literal(true));
const recorded = { n: z.int().check(z.minimum(1)), t: z.number(), host: name };

/** Of the first line. */
export const HEADER_SCHEMA: z.ZodMiniType<RecordingHeader> = z.object({
  kind: z.literal('recording'),
  format: z.int().check(z.minimum(1)),
  engine: z.enum(['frota', 'consenso', 'lider']),
  startedMs: moment,
  program: text,
  hosts: z
    .array(
      z.object({
        id: name,
        kind: z.enum(['server', 'broker', 'replica', 'client']),
        name: text,
        address: text,
      }),
    )
    .check(z.maxLength(laboratoryLimits.hosts)),
});

const line = z.object({
  value: data,
  version: count,
  timestampMs: count,
  origin: text,
  isHead: z.boolean(),
  isSibling: z.boolean(),
});

/** Of every other line, by its kind. */
export const EVENT_SCHEMAS: {
  readonly [Kind in RecordedEvent['kind']]: z.ZodMiniType<Extract<RecordedEvent, { kind: Kind }>>;
} = {
  sent: z.object({
    ...recorded,
    kind: z.literal('sent'),
    message: name,
    to: z.exactOptional(name),
    topic: text,
    type: text,
    bytes: count,
    body: z.string().check(z.maxLength(laboratoryLimits.bodyBytes)),
    isCut: yes,
    isInferred: yes,
  }),
  relayed: z.object({ ...recorded, kind: z.literal('relayed'), message: name, isInferred: yes }),
  received: z.object({
    ...recorded,
    kind: z.literal('received'),
    message: name,
    effect: z.enum(['applied', 'known', 'held', 'noted', 'answered', 'ignored']),
    applied: z.exactOptional(count),
    isInferred: yes,
  }),
  dropped: z.object({ ...recorded, kind: z.literal('dropped'), message: name }),
  missed: z.object({
    ...recorded,
    kind: z.literal('missed'),
    message: name,
    why: z.enum(['isolated', 'dropped']),
  }),
  call: z.object({
    ...recorded,
    kind: z.literal('call'),
    call: name,
    client: name,
    operation: z.enum(['insert', 'query', 'remove', 'history', 'compare']),
    key: data,
    value: z.exactOptional(data),
    version: z.exactOptional(count),
    isSession: yes,
    confirm: z.exactOptional(count),
  }),
  answer: z.object({
    ...recorded,
    kind: z.literal('answer'),
    call: name,
    code: name,
    message: z.string().check(z.maxLength(laboratoryLimits.bodyBytes)),
    lines: z.array(line),
    isCut: yes,
  }),
  host: z.object({
    ...recorded,
    kind: z.literal('host'),
    change: z.enum([
      'started',
      'serving',
      'isolated',
      'connected',
      'killed',
      'ended',
      'clock',
      'loss',
      'leads',
      'hosts',
    ]),
    amount: z.exactOptional(z.number()),
  }),
  state: z.object({
    ...recorded,
    kind: z.literal('state'),
    storeHash: text,
    // Checked by hand: `__proto__` is a legal origin, which records of the library pass over.
    vector: z
      .custom<Readonly<Record<string, number>>>(isVector, 'vector')
      .check(z.refine((vector) => Object.keys(vector).length <= laboratoryLimits.vectorEntries)),
    keys: count,
    versions: count,
  }),
  mark: z.object({
    ...recorded,
    kind: z.literal('mark'),
    text: z.string().check(z.maxLength(laboratoryLimits.markChars)),
  }),
};

function isVector(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((seq) => Number.isSafeInteger(seq) && (seq as number) >= 0)
  );
}
