import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Dot } from '../../../core/dot.js';
import { KvsError } from '../../../core/errors.js';
import { Origins } from '../../../core/origins.js';
import type { Checkpoint, Done, Journal, JournalReader, StateHead } from '../../../ports/journal.js';
import type { Logger } from '../../../ports/logger.js';
import { openFailure, writeFailure } from './failures.js';
import { makeFolder } from '../../../files/make-folder.js';
import {
  decodeFloors,
  decodeMeta,
  encodeFloors,
  encodeFormat,
  encodeMeta,
  encodeOrigin,
  entryKey,
  FLOORS_KEY,
  FORMAT,
  FORMAT_KEY,
  FORMATS,
  isKnownFormat,
  logKey,
  logPosition,
  logRange,
  markKey,
  META_KEY,
  originKey,
  statesAfter,
  statesBefore,
} from './layout.js';
import type { Meta, OldOrigins } from './layout.js';
import { Pieces } from './pieces.js';
import { readKeys, readOrigins, TEXT } from './read-state.js';
import { encodeEntry, encodeMark } from './records.js';

type Database = ClassicLevel<Buffer, Buffer>;

const NEWLINE = '\n';
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const EMPTY_META: Meta = { generation: 0, logStart: 0, fleetMs: 0, frontier: undefined };
/** A longer frontier is not kept: the metadata are written with every state. What is loaded then has none. */
const FRONTIER_ENTRIES_MAX = 4_096;
const NO_OLD: OldOrigins = { vector: [], names: [] };
/** Mode bits of a folder that let others list it and open its files. */
const OTHERS_MAY_READ = 0o055;
const DURABLE = { sync: true } as const;

/** A journal in LevelDB, in a folder of its own that one process uses at a time. */
export class LevelJournal implements Journal {
  private meta: Meta = EMPTY_META;
  /** The last generation that may have records. */
  private lastGeneration = 0;
  /** Where the next append goes. */
  private position = 0;
  /** The numbers that places have instead of names of origins: ascending, never freed. */
  private readonly numbers = new Origins();
  /** What the metadata of an older layout say of origins. A state of this layout numbers them anew. */
  private old = NO_OLD;
  /** Set when a background write failed: whatever is written after it might not be readable again. */
  private tainted: Error | undefined;
  /** Layout of what the folder holds. */
  private format = FORMAT;

  private constructor(
    private readonly folder: string,
    private readonly fleet: string,
    private database: Database,
    private readonly logger: Logger,
  ) {}

  /**
   * Opens a folder, and creates it if necessary.
   * @param fleet the fleet that the data belong to
   * @throws KvsError DADOS_EM_USO, DADOS_INVALIDOS, DISCO_CHEIO
   */
  static async open(folder: string, fleet: string, logger: Logger): Promise<LevelJournal> {
    try {
      await makeFolder(resolve(folder));
      if (((await stat(folder)).mode & OTHERS_MAY_READ) !== 0) {
        logger.warn({ pasta: folder }, 'outros usuários desta máquina podem ler os dados: chmod 700');
      }
      const database = await openDatabase(folder);
      const journal = new LevelJournal(folder, fleet, database, logger);
      try {
        await journal.begin();
      } catch (error) {
        await database.close();
        throw error;
      }
      return journal;
    } catch (error) {
      throw openFailure(error, folder);
    }
  }

  get isOutdated(): boolean {
    return this.format !== FORMAT;
  }

  async load(reader: JournalReader): Promise<void> {
    const { database, old, isOutdated } = this;
    const numbers = isOutdated ? new Origins() : this.numbers;
    try {
      for (const name of old.names) numbers.indexOf(name);
      if (isOutdated) reader.origins(old.vector);
      else await readOrigins(database, numbers, (entries) => reader.origins(entries));
      this.old = NO_OLD;
      reader.head(await this.readHead());
      await readKeys(database, this.meta.generation, numbers, (kept) => reader.key(kept));
      for await (const [key, value] of database.iterator(logRange(this.meta.logStart))) {
        for (const packed of value.toString().split(NEWLINE)) reader.batch(packed);
        this.position = logPosition(key) + 1;
      }
    } catch (error) {
      throw openFailure(error, this.folder);
    }
  }

  append(batches: readonly string[], done: Done): void {
    const value = Buffer.from(batches.join(NEWLINE));
    this.unlessTainted(() => this.database.put(logKey(this.position), value, DURABLE)).then(
      () => {
        this.position++;
        done(undefined);
      },
      (error: unknown) => done(writeFailure(error)),
    );
  }

  checkpoint(whole: boolean): Checkpoint {
    if (this.isOutdated && !whole) throw new Error('a folder of an older layout must be written whole');
    // A generation that was begun and given up may have left records.
    const generation = whole ? ++this.lastGeneration : this.meta.generation;
    const last = this.database.batch();
    // Of another generation nothing counts before the metadata name it. Records of origins count at once.
    const pieces = whole ? new Pieces(this.database, (piece) => this.write(piece)) : undefined;
    const state = pieces ?? last;
    // Between two turns the database may have been closed, to be opened again after a failure: commit tells of it.
    let failure: unknown;
    const attempt = (change: () => void): void => {
      if (failure !== undefined) return;
      try {
        change();
      } catch (error) {
        failure = error;
      }
    };
    const at = ({ origin, seq, version }: Dot & { readonly version: number }, key: string): Buffer =>
      entryKey(generation, key, version, this.numbers.indexOf(origin), seq);
    return {
      putOrigin: (origin, seq) => {
        attempt(() => last.put(originKey(this.numbers.indexOf(origin)), encodeOrigin(origin, seq), TEXT));
      },
      putEntry: (key, entry) => {
        attempt(() => state.put(at(entry, key), encodeEntry(entry)));
      },
      removeEntry: (key, entry) => {
        attempt(() => state.del(at(entry, key)));
      },
      putMark: (key, mark) => {
        attempt(() => state.put(markKey(generation, key), encodeMark(mark)));
      },
      removeMark: (key) => {
        attempt(() => state.del(markKey(generation, key)));
      },
      ready: () => pieces?.settled(),
      commit: (head, done) => {
        const meta = this.metaAt(generation, head);
        attempt(() => {
          for (let i = this.meta.logStart; i < meta.logStart; i++) last.del(logKey(i));
          last.put(META_KEY, encodeMeta(meta));
          last.put(FLOORS_KEY, encodeFloors(head.floors));
          if (this.isOutdated) last.put(FORMAT_KEY, encodeFormat(FORMAT, this.fleet));
        });
        if (failure !== undefined) {
          queueMicrotask(() => {
            done(writeFailure(failure));
          });
          return;
        }
        const pieced = pieces?.finish() ?? Promise.resolve();
        pieced
          .then(() => this.write(last))
          .then(
            () => {
              this.taken(meta);
              done(undefined);
            },
            (error: unknown) => done(writeFailure(error)),
          );
      },
      discard: () => {
        const given = Promise.all([last.close(), pieces?.abandon()]);
        given.catch((error: unknown) => (this.tainted = new Error('a state given up', { cause: error })));
      },
    };
  }

  recover(done: Done): void {
    this.reopen().then(
      () => done(undefined),
      (error: unknown) => done(writeFailure(error)),
    );
  }

  async close(): Promise<void> {
    try {
      await this.database.close();
    } catch (error) {
      this.logger.warn({ err: error }, 'o diário não fechou em ordem; nada do que era durável se perde');
    }
  }

  private async begin(): Promise<void> {
    const { database, fleet } = this;
    if ((await database.get(FORMAT_KEY)) === undefined) {
      const first = await database.keys({ limit: 1 }).next();
      if (first !== undefined) throw notOurs(this.folder, 'não é uma pasta de dados do kvs');
      await database.put(FORMAT_KEY, encodeFormat(FORMAT, fleet), DURABLE);
      return;
    }
    this.old = await this.readMeta();
    // The state before may still be there, if the process ended before it was deleted, and pieces of one begun after it.
    await database.clear(statesBefore(this.meta.generation));
    await database.clear(statesAfter(this.meta.generation));
  }

  /**
   * Reads format and metadata, and returns what those of an older layout say of origins.
   * @throws KvsError DADOS_INVALIDOS if this program does not know the format, or the folder is another fleet's
   */
  private async readMeta(): Promise<OldOrigins> {
    const format = String(await this.database.get(FORMAT_KEY));
    const { formato, frota } = JSON.parse(format) as { formato: unknown; frota: unknown };
    if (!isKnownFormat(formato)) {
      const known = `${FORMATS.slice(0, -1).join(', ')} e ${FORMAT}`;
      throw notOurs(this.folder, `formato ${String(formato)}, e este programa conhece os formatos ${known}`);
    }
    if (frota !== this.fleet)
      throw notOurs(this.folder, `os dados são da frota "${String(frota)}", não de "${this.fleet}"`);
    const bytes = await this.database.get(META_KEY);
    const { meta, old } = bytes === undefined ? { meta: EMPTY_META, old: NO_OLD } : decodeMeta(bytes);
    this.format = formato;
    this.meta = meta;
    this.lastGeneration = Math.max(this.lastGeneration, meta.generation);
    this.position = Math.max(this.position, meta.logStart);
    return old;
  }

  private async readHead(): Promise<StateHead> {
    const floors = await this.database.get(FLOORS_KEY);
    const { fleetMs, frontier } = this.meta;
    return { floors: floors === undefined ? [] : decodeFloors(floors), fleetMs, frontier };
  }

  /** The metadata after a checkpoint: the log continues after everything that may have been written to it. */
  private metaAt(generation: number, { fleetMs, frontier }: StateHead): Meta {
    const isShort = frontier !== undefined && frontier.length <= FRONTIER_ENTRIES_MAX;
    return { generation, logStart: this.position + 1, fleetMs, frontier: isShort ? frontier : undefined };
  }

  private taken(meta: Meta): void {
    const before = this.meta.generation;
    this.meta = meta;
    this.format = FORMAT;
    this.position = meta.logStart;
    if (before === meta.generation) return;
    // Not later ones: the next state may have begun.
    this.database.clear(statesBefore(meta.generation)).catch((error: unknown) => {
      this.tainted = new Error('the state before could not be taken away', { cause: error });
      this.logger.warn({ err: error }, 'o estado anterior no disco fica para a próxima abertura');
    });
  }

  private write(batch: ReturnType<Database['batch']>): Promise<void> {
    return this.unlessTainted(() => batch.write(DURABLE));
  }

  private async unlessTainted(write: () => Promise<void>): Promise<void> {
    if (this.tainted) throw this.tainted;
    await write();
  }

  /** After a failed write the file's tail is unknown: LevelDB would append after it, and could not read that back. */
  private async reopen(): Promise<void> {
    await this.database.close();
    this.database = await openDatabase(this.folder);
    this.tainted = undefined;
    await this.readMeta();
  }
}

async function openDatabase(folder: string): Promise<Database> {
  const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const database: Database = new ClassicLevel(folder, { ...options, writeBufferSize: WRITE_BUFFER_BYTES });
  await database.open();
  return database;
}

function notOurs(folder: string, why: string): KvsError {
  return new KvsError('DADOS_INVALIDOS', `não é possível usar os dados em ${folder}: ${why}`);
}
