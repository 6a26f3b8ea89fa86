import type { MessageReceived, MessageSent, RecordedEngine } from '../../../src/laboratory/recording.js';
import type { MessageLife, Run } from './run.js';

/** One message of a repair, where it came. */
export interface RepairStep {
  readonly sent: MessageSent;
  /** At the one it was for; absent: it did not come. */
  readonly received?: MessageReceived;
  readonly to: string;
}

/** Two servers that compare what they have, until one has what it lacked. */
export interface RepairTalk {
  /** Of its first message. */
  readonly id: string;
  readonly asker: string;
  readonly giver: string;
  /** The announcement by which the asker learned that it lacks something. */
  readonly cause: RepairStep | undefined;
  readonly steps: RepairStep[];
  /** How many changes the asker took. */
  applied: number;
  /** Both hold the same at its end, as far as is known. */
  endsEqual: boolean;
}

/** Silence after which the next request is a talk of its own, ms. */
const PAUSE_MS = 2_500;

const ASKS: Readonly<Record<RecordedEngine, ReadonlySet<string>>> = {
  frota: new Set(['vectorRequest', 'logRequest', 'stateRequest']),
  lider: new Set(['LEADER', 'STATE_REQUEST', 'STATE_OK']),
  consenso: new Set(),
};
const GIVES: Readonly<Record<RecordedEngine, ReadonlySet<string>>> = {
  frota: new Set(['vectorReply', 'logReply', 'stateReply']),
  lider: new Set(['LEADER_OK', 'LEADER_STALE', 'STATE_BEGIN', 'STATE_PAGE', 'SERVING']),
  consenso: new Set(),
};

/** The repair talks of a run, in order, each with its messages in order. */
export function repairTalks(run: Run): RepairTalk[] {
  const { engine } = run.header;
  const open = new Map<string, RepairTalk>();
  const talks: RepairTalk[] = [];
  const announced = new Map<string, RepairStep>();
  for (const life of run.lives) {
    const { sent } = life;
    if (sent === undefined) continue;
    if (sent.type === 'presence') {
      for (const received of life.received) {
        announced.set(`${received.host} ${sent.host}`, { sent, received, to: received.host });
      }
      continue;
    }
    const asks = ASKS[engine].has(sent.type);
    if (!asks && !GIVES[engine].has(sent.type)) continue;
    const to = sent.to ?? life.received[0]?.host ?? '';
    const [asker, giver] = asks ? [sent.host, to] : [to, sent.host];
    const step = stepOf(life, sent, to);
    // The leader greets and gives as well: whoever speaks first is the asker of the talk.
    const key =
      open.has(`${giver} ${asker}`) && engine === 'lider' ? `${giver} ${asker}` : `${asker} ${giver}`;
    let talk = open.get(key);
    const last = talk?.steps.at(-1)?.sent.t ?? -Infinity;
    if (talk === undefined || sent.t - last > PAUSE_MS) {
      talk = {
        ...{ id: life.id, asker, giver, cause: announced.get(`${asker} ${giver}`), steps: [] },
        ...{ applied: 0, endsEqual: false },
      };
      open.set(key, talk);
      talks.push(talk);
    }
    talk.steps.push(step);
    talk.applied += step.received?.applied ?? 0;
  }
  for (const talk of talks) talk.endsEqual = isEqualAfter(run, talk);
  return talks;
}

function stepOf(life: MessageLife, sent: MessageSent, to: string): RepairStep {
  const received = life.received.find(({ host }) => host === to);
  return received === undefined ? { sent, to } : { sent, to, received };
}

/** What a server holds is told a moment after it changed. */
const SETTLED_MS = 700;

function isEqualAfter(run: Run, { asker, giver, steps }: RepairTalk): boolean {
  const last = steps.at(-1);
  if (last === undefined) return false;
  const t = (last.received ?? last.sent).t + SETTLED_MS;
  const [one, other] = [asker, giver].map((host) => run.history.stateAt(host, t)?.storeHash);
  return one !== undefined && one === other;
}

/** What a message of a repair tells, read from its text: vectors, batches, keys. */
interface RepairContent {
  readonly vector?: readonly (readonly [origin: string, seq: number])[];
  readonly batches?: number;
  readonly mutations?: number;
  readonly keys?: readonly string[];
  readonly outcome?: string;
  readonly more?: boolean;
  readonly parts?: number;
}

/** Entries of a vector, and keys, that are told one by one. */
const TOLD = 12;

export function repairContent(body: string): RepairContent {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  const { vetor, lotes, chaves, resultado, mais, hashes } = Object(value) as Record<string, unknown>;
  const batches = Array.isArray(lotes) ? lotes.map((batch: unknown) => list(batch, 'mutacoes')) : undefined;
  const vector = Array.isArray(vetor) ? vetor.filter(isEntry).slice(0, TOLD) : undefined;
  const mutations = batches?.flat();
  const keys = [...(Array.isArray(chaves) ? (chaves as unknown[]) : []), ...(mutations ?? [])]
    .map((one) => (Object(one) as { chave?: unknown }).chave)
    .filter((key): key is string => typeof key === 'string');
  return {
    ...(vector === undefined ? {} : { vector }),
    ...(batches === undefined ? {} : { batches: batches.length, mutations: mutations?.length ?? 0 }),
    ...(keys.length === 0 ? {} : { keys: [...new Set(keys)].slice(0, TOLD) }),
    ...(typeof resultado === 'string' ? { outcome: resultado } : {}),
    ...(mais === true ? { more: true } : {}),
    ...(Array.isArray(hashes) ? { parts: hashes.length } : {}),
  };
}

function isEntry(entry: unknown): entry is readonly [string, number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
}

/** A field that should be a list; of anything else, nothing. */
function list(value: unknown, field: string): unknown[] {
  const found = (Object(value) as Record<string, unknown>)[field];
  return Array.isArray(found) ? (found as unknown[]) : [];
}
