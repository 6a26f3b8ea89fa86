import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { BoundedMap } from '../../core/bounded-map.js';
import { accessLimits } from './limits.js';
import type { CertificateGatekeeper, Identity, AccessRefusal, CredentialRole } from '../../ports/access.js';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { LoginAttempts } from './login-attempts.js';
import { NAME_PATTERN } from './format.js';
import type { Credential, CredentialsFile } from './format.js';
import { HashQueue } from './hash-queue.js';
import { notAuthenticated, notRecognised, tooMany } from './refusals.js';
import { HASH_BYTES, newSalt, slowHash } from './secret.js';
import type { HashCost } from './secret.js';

/** One credential of the table, until it is changed or removed. */
class Entry implements Identity {
  private replaced = false;

  constructor(
    readonly credential: Credential,
    private readonly time: Time,
  ) {}

  get name(): string {
    return this.credential.name;
  }

  get role(): CredentialRole {
    return this.credential.role;
  }

  get prefixes(): readonly string[] {
    return this.credential.prefixes;
  }

  get valid(): boolean {
    const { expiresMs } = this.credential;
    return !this.replaced && (expiresMs === undefined || this.time.wallMs() < expiresMs);
  }

  replace(): void {
    this.replaced = true;
  }
}

interface Remembered {
  readonly entry: Entry;
  /** Until then the token is accepted without a check; */
  readonly freshUntilMs: number;
  /** until then it is exempt from the limits. */
  readonly knownUntilMs: number;
}

interface TableOptions {
  readonly time: Time;
  readonly logger: Logger;
  /** Computes the slow hash. */
  readonly hash?: typeof slowHash;
}

/**
 * The table of credentials: authenticates callers, and keeps no secrets.
 *
 * Every failed login costs one slow hash and gets the same answer: for a name that is unknown, expired or without a
 * secret, the hash is compared with a random one. A verified token is remembered for a while by a fast keyed hash.
 */
export class CredentialTable implements CertificateGatekeeper {
  private entries = new Map<string, Entry>();
  private bySubject = new Map<string, Entry>();
  private cost: HashCost;
  private readonly key = randomBytes(32);
  private readonly nobody = { salt: newSalt(), hash: randomBytes(HASH_BYTES) };
  private readonly remembered = new BoundedMap<string, Remembered>(accessLimits.remembered);
  /** Tokens being verified by a slow hash; further logins with the same token share it. */
  private readonly pending = new Map<string, Promise<Entry | undefined>>();
  private readonly attempts: LoginAttempts;
  private readonly hashes = new HashQueue();
  private readonly counts = new Map<AccessRefusal, number>();
  private readonly log: BurstLog;
  readonly time: Time;
  private readonly hash: typeof slowHash;

  constructor(file: CredentialsFile, { time, logger, hash = slowHash }: TableOptions) {
    this.time = time;
    this.hash = hash;
    this.cost = file.cost;
    this.attempts = new LoginAttempts(() => time.monotonicMs());
    this.log = new BurstLog(time, logger, 'acesso recusado');
    this.replace(file);
  }

  /** Number of credentials. */
  get size(): number {
    return this.entries.size;
  }

  /** Number of remembered tokens. */
  get rememberedTokens(): number {
    return this.remembered.size;
  }

  /** Number of refusals, by reason. */
  get refusals(): Readonly<Record<AccessRefusal, number>> {
    const of = (reason: AccessRefusal): number => this.counts.get(reason) ?? 0;
    return {
      NAO_AUTENTICADO: of('NAO_AUTENTICADO'),
      LIMITE_TENTATIVAS: of('LIMITE_TENTATIVAS'),
      NAO_AUTORIZADO: of('NAO_AUTORIZADO'),
    };
  }

  /**
   * Replaces the content by that of a file. A caller whose credential is gone or has changed is no longer admitted,
   * even in open calls; others are not affected.
   */
  replace({ cost, credentials }: CredentialsFile): void {
    const before = this.entries;
    this.entries = new Map();
    this.bySubject = new Map();
    this.cost = cost;
    for (const credential of credentials) {
      const { name } = credential;
      const old = before.get(name);
      const entry = old && isSame(old.credential, credential) ? old : new Entry(credential, this.time);
      this.entries.set(name, entry);
      for (const subject of credential.certificates) this.bySubject.set(subject, entry);
    }
    for (const [name, old] of before) if (this.entries.get(name) !== old) old.replace();
    for (const [print, { entry }] of this.remembered) if (!entry.valid) this.remembered.delete(print);
  }

  authenticate(name: string, secret: string, from: string): Identity | Promise<Identity> {
    const print = createHmac('sha256', this.key).update(`${name}\0${secret}`).digest('base64');
    const nowMs = this.time.monotonicMs();
    const known = this.remembered.get(print);
    if (known?.entry.valid === true && nowMs < known.freshUntilMs) return known.entry;
    const isKnown = known?.entry.valid === true && nowMs < known.knownUntilMs;
    if (known !== undefined && !isKnown) this.remembered.delete(print);
    let looking = this.pending.get(print);
    if (looking === undefined) {
      if (!isKnown && (this.hashes.isFull || !this.attempts.take(from))) {
        this.refused('LIMITE_TENTATIVAS', name, from);
        throw tooMany();
      }
      looking = this.look(name, secret, from, isKnown, print).finally(() => this.pending.delete(print));
      this.pending.set(print, looking);
    }
    return looking.then((entry) => {
      if (entry?.valid === true) return entry;
      this.refused('NAO_AUTENTICADO', name, from);
      throw notAuthenticated();
    });
  }

  recognise(subject: string, from: string): Identity {
    const entry = this.bySubject.get(subject);
    if (entry?.valid === true) return entry;
    this.refused('NAO_AUTENTICADO', entry?.name ?? '', from);
    throw notRecognised();
  }

  named(name: string, from: string | undefined): Identity {
    const entry = this.entries.get(name);
    if (entry?.valid === true) return entry;
    this.refused('NAO_AUTENTICADO', name, from);
    throw notAuthenticated();
  }

  refused(reason: AccessRefusal, name: string, from: string | undefined): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    // The name may be a misplaced secret, so only known names are logged.
    const who = this.entries.has(name) ? name : 'desconhecido';
    this.log.report(reason, from === undefined ? who : `${who} de ${from}`);
  }

  /** Verifies with exactly one slow hash, whatever is wrong. @returns the entry if the secret is its own */
  private async look(
    name: string,
    secret: string,
    from: string,
    isKnown: boolean,
    print: string,
  ): Promise<Entry | undefined> {
    const isFormed = NAME_PATTERN.test(name) && secret.length <= accessLimits.secretChars;
    const entry = isFormed ? this.entries.get(name) : undefined;
    const { salt, hash } = entry?.credential.secret ?? this.nobody;
    const { cost } = this;
    const guess = isFormed ? secret : '';
    const made = await this.hashes.run(() => this.hash(guess, salt, cost), isKnown);
    const isRight = timingSafeEqual(made, hash);
    if (entry?.credential.secret === undefined || !isRight || !entry.valid) return undefined;
    if (!isKnown) this.attempts.giveBack(from);
    this.remember(print, entry);
    return entry;
  }

  private remember(print: string, entry: Entry): void {
    const nowMs = this.time.monotonicMs();
    this.remembered.put(print, {
      entry,
      freshUntilMs: nowMs + accessLimits.rememberMs,
      knownUntilMs: nowMs + 2 * accessLimits.rememberMs,
    });
  }
}

function isSame(a: Credential, b: Credential): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
