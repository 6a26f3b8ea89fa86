import { KvsError } from '../core/errors.js';
import type { Guard, Stream } from '../ports/engine.js';
import type { Registry } from '../ports/portal.js';
import { CONFLICT } from './attempts.js';
import type { ConflictRetries } from './attempts.js';
import { changeTo, deletion } from './changes.js';
import type { Change } from './changes.js';
import { checkId, checkName, missing, shown } from './checks.js';
import { clear, inParts } from './dependents.js';
import type { Dependents } from './dependents.js';
import type { PortalReading } from './reading.js';
import type { ChangeAction, Kind } from './records.js';

interface RegistryDeps<T> {
  readonly kind: Kind<T>;
  readonly reading: PortalReading;
  readonly attempts: ConflictRetries;
  readonly dependents: Dependents;
  /** Checks a record beyond its identifier and its name. @throws KvsError CADASTRO_INVALIDO */
  readonly check?: (record: T) => void;
  /** Guards for replacing a record by another. @throws KvsError CADASTRO_INVALIDO */
  readonly guardsOfUpdate?: (now: T, next: T) => Promise<readonly Guard[]>;
  /** Called for every change made here. */
  readonly accepted: (change: Change) => void;
}

/** The records of one kind: the rules of creating, editing and removing. */
export class Records<T extends { readonly nome: string }> implements Registry<T> {
  constructor(private readonly deps: RegistryDeps<T>) {}

  async create(record: T): Promise<void> {
    const { kind, reading, attempts, dependents } = this.deps;
    const id = kind.id(record);
    checkId(kind, id);
    this.check(record);
    await attempts.repeat(async () => {
      const { version, record: present } = await reading.find(kind, id);
      if (present !== undefined)
        throw new KvsError('CADASTRO_EXISTENTE', `${kind.label} ${shown(id)} já existe`);
      // Leftovers of an interrupted removal must not come back with the name.
      await clear(reading, attempts, dependents, id);
      return this.write(record, 'create', [{ key: kind.prefix + id, version }]);
    });
    this.deps.accepted(changeTo(kind, 'create', record));
  }

  async update(record: T): Promise<void> {
    const { kind, reading, attempts, guardsOfUpdate } = this.deps;
    const id = kind.id(record);
    await attempts.repeat(async () => {
      const { version, record: present } = await reading.find(kind, id);
      if (present === undefined) throw missing(kind, id);
      this.check(record);
      const more = (await guardsOfUpdate?.(present, record)) ?? [];
      return this.write(record, 'update', [{ key: kind.prefix + id, version }, ...more]);
    });
    this.deps.accepted(changeTo(kind, 'update', record));
  }

  async remove(id: string): Promise<void> {
    const { kind, reading, attempts, dependents } = this.deps;
    const key = kind.prefix + id;
    await attempts.repeat(async () => {
      const { version } = await reading.find(kind, id);
      if (version === 0) throw missing(kind, id);
      const own = { guards: [{ key, version }], writes: [{ kind: 'removeAll', key } as const] };
      // Removed in one step with its dependents if they fit, so that nobody sees a part.
      const all = inParts([own, ...(await dependents(reading, id))]);
      const done = await reading.engine.write({
        kind: 'commit',
        ...(all.length === 1 ? (all[0] ?? own) : own),
      });
      return done ? undefined : CONFLICT;
    });
    // A record that does not exist gets no new dependents, so what is found now is all that is left.
    await clear(reading, attempts, dependents, id);
    this.deps.accepted(deletion(kind, id));
  }

  async get(id: string): Promise<T | undefined> {
    return (await this.deps.reading.find(this.deps.kind, id)).record;
  }

  all(): Stream<T> {
    return this.deps.reading.all(this.deps.kind);
  }

  private check(record: T): void {
    checkName(this.deps.kind, record.nome);
    this.deps.check?.(record);
  }

  private async write(
    record: T,
    action: ChangeAction,
    guards: readonly Guard[],
  ): Promise<undefined | typeof CONFLICT> {
    const { kind, reading } = this.deps;
    const write = {
      kind: 'insert' as const,
      key: kind.prefix + kind.id(record),
      value: kind.encode(record, action),
    };
    return (await reading.engine.write({ kind: 'commit', guards, writes: [write] })) ? undefined : CONFLICT;
  }
}
