import { decodeSealed } from '../../src/engines/fleet/bus/decode-messages.js';
import type { Contact } from '../../src/engines/fleet/bus/contact.js';
import { splitAuthenticated } from '../../src/engines/fleet/bus/seal/authenticated.js';
import { splitEncrypted } from '../../src/engines/fleet/bus/seal/encrypted.js';
import type { EncryptedParts } from '../../src/engines/fleet/bus/seal/encrypted.js';
import { FleetKey } from '../../src/engines/fleet/bus/seal/fleet-key.js';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import { Opener } from '../../src/engines/fleet/bus/seal/opener.js';
import type { SealHead } from '../../src/engines/fleet/bus/seal/purpose.js';
import { parseTopic } from '../../src/engines/fleet/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import type { Message } from '../../src/ports/bus.js';
import { Violation } from './oracle.js';
import type { SimKeys } from './sim-keys.js';

/** When an incarnation was there. */
interface Life {
  readonly bornMs: number;
  diedMs: number;
}

/** Something that was said to somebody: how often, when last, and on which connection; `NaN` if on several. */
interface Said {
  times: number;
  lastMs: number;
  connection: number;
  readonly isWill: boolean;
}

const EVERYONE = '*';

/**
 * What servers really put on the wire, written down where they do it, and what their buses let in: nothing that its
 * sender has not said, nothing that is older than who hears it, nothing twice. Beside it, every nonce that was used.
 */
export class WireLedger {
  private readonly lives = new Map<Origin, Life>();
  private readonly said = new Map<string, Said>();
  private readonly heard = new Map<string, number>();
  /** Of a receiver and a sender, the greatest connection of which something was let in. */
  private readonly connections = new Map<string, number>();
  private readonly nonces = new Set<string>();
  private readonly salts = new Map<string, Origin>();
  private readonly derived = new Map<string, string>();
  private opener: Opener | undefined;
  private keysKnown = 0;

  constructor(
    private readonly fleet: string,
    private readonly keys: SimKeys,
  ) {}

  /** Payloads that were encrypted, each with a nonce of its own. */
  get encrypted(): number {
    return this.nonces.size;
  }

  born(origin: Origin, nowMs: number): void {
    this.lives.set(origin, { bornMs: nowMs, diedMs: Infinity });
  }

  died(origin: Origin, nowMs: number): void {
    const life = this.lives.get(origin);
    if (life) life.diedMs = Math.min(life.diedMs, nowMs);
  }

  isDead(origin: Origin): boolean {
    return (this.lives.get(origin)?.diedMs ?? 0) < Infinity;
  }

  /** A server publishes, or leaves a will. */
  note(topic: string, payload: Buffer, nowMs: number): void {
    const parts = parseTopic(topic);
    if (!parts) throw new Violation(`${topic} is no topic of ours`);
    const opened = this.open(topic, parts.from, payload);
    const decoded = decodeSealed(parts, this.fleet, opened.body);
    if (!decoded.ok)
      throw new Violation(`the codec refuses what was published on ${topic}: ${decoded.reason}`);
    const text = textOf(decoded.message);
    if (text === undefined) return;
    const name = `${parts.channel === 'sync' ? parts.to : EVERYONE} ${text}`;
    const { connection, purpose } = opened.head;
    const known = this.said.get(name);
    if (!known) {
      this.said.set(name, { times: 1, lastMs: nowMs, connection, isWill: purpose === 'will' });
      return;
    }
    known.times++;
    known.lastMs = nowMs;
    if (known.connection !== connection || known.isWill !== (purpose === 'will')) known.connection = NaN;
  }

  /** A bus lets a message in. @throws Violation if it should not have */
  deliver(to: Origin, message: Message): void {
    // Without a seal nothing is promised.
    if (this.keys.protection === 'none') return;
    const from = senderOf(message);
    const what = `${to} was given a ${message.type} of ${from}`;
    const life = this.lives.get(from);
    const mine = this.lives.get(to);
    if (!life || !mine) throw new Violation(`${what}, who never was`);
    if (life.diedMs < mine.bornMs) throw new Violation(`${what}, who was dead before ${to} began`);
    const text = textOf(message) as string;
    const said = [EVERYONE, to].flatMap((name) => this.said.get(`${name} ${text}`) ?? []);
    const times = said.reduce((sum, one) => sum + one.times, 0);
    if (times === 0) throw new Violation(`${what}, who never said so: ${text}`);
    // Batches repeat harmlessly, for a batch says which it is.
    if (message.type === 'batch') return;
    if (said.every(({ isWill, lastMs }) => !isWill && lastMs < mine.bornMs))
      throw new Violation(`${what} that is older than ${to}: ${text}`);
    const name = `${to} ${text}`;
    const heard = (this.heard.get(name) ?? 0) + 1;
    this.heard.set(name, heard);
    if (heard > times) throw new Violation(`${what} ${heard} times, and it was said ${times} times: ${text}`);
    if (from !== to) this.checkConnection(what, `${to} ${from}`, said);
  }

  /** A will counts only as long as no later connection is known. */
  private checkConnection(what: string, pair: string, said: readonly Said[]): void {
    const [one, ...others] = said;
    // Whoever said the same on two connections leaves open which one was heard.
    if (!one || others.length > 0 || Number.isNaN(one.connection)) return;
    const latest = this.connections.get(pair) ?? 0;
    if (one.isWill && one.connection < latest)
      throw new Violation(`${what}: the will of connection ${one.connection}, after ${latest} was known`);
    this.connections.set(pair, Math.max(latest, one.connection));
  }

  private open(
    topic: string,
    from: Origin,
    payload: Buffer,
  ): { head: Omit<SealHead, 'keyId'>; body: Buffer } {
    if (this.keys.protection === 'none')
      return { head: { purpose: 'control', connection: NaN, counter: 0 }, body: payload };
    if (!this.opener || this.keysKnown < this.keys.all.length) {
      this.opener = new Opener(new KeyRing(this.fleet, this.keys.all));
      this.keysKnown = this.keys.all.length;
    }
    const opened = this.opener.open(topic, from, payload);
    if (typeof opened === 'string') throw new Violation(`the seal refuses its own: ${opened} on ${topic}`);
    const parts = splitEncrypted(payload);
    if (typeof parts === 'object') this.noteNonce(from, parts);
    else if (typeof splitAuthenticated(payload) !== 'object') throw new Violation(`not sealed: ${topic}`);
    return opened;
  }

  /** No key ever encrypts two payloads with one nonce, and no two incarnations have one salt. */
  private noteNonce(from: Origin, { head, salt }: EncryptedParts): void {
    const drawn = salt.toString('hex');
    const owner = this.salts.get(drawn) ?? from;
    this.salts.set(drawn, owner);
    if (owner !== from) throw new Violation(`${from} has the salt of ${owner}`);
    const name = `${head.keyId} ${drawn} ${head.purpose} ${from}`;
    const key = this.derived.get(name) ?? this.derive(head, salt, from);
    this.derived.set(name, key);
    const nonce = `${key} ${head.counter}`;
    if (this.nonces.has(nonce)) throw new Violation(`${from} used nonce ${head.counter} of ${name} twice`);
    this.nonces.add(nonce);
  }

  private derive({ keyId, purpose }: SealHead, salt: Buffer, from: Origin): string {
    const fleetKey = this.keys.all
      .map((secret) => new FleetKey(secret, this.fleet))
      .find(({ id }) => id === keyId);
    if (!fleetKey) throw new Violation(`${from} seals with ${keyId}, which is no key of the fleet`);
    return fleetKey.sealing(salt, purpose, from).export().toString('hex');
  }
}

function senderOf(message: Message): Origin {
  if (message.type === 'batch') return message.batch.origin;
  return message.type === 'presence' ? message.origin : message.from;
}

/** What a message says, as far as a member hears of it. */
function textOf(message: Message | Contact): string | undefined {
  if (message.type === 'batch') return message.packed;
  if (message.type !== 'challenge' && message.type !== 'answer') return JSON.stringify(message);
  return message.presence && JSON.stringify(message.presence);
}
