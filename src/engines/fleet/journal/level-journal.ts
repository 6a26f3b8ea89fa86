import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Dot, VectorEntries } from '../../../core/dot.js';
import { KvsError } from '../../../core/errors.js';
import type { Checkpoint, Done, Journal, JournalReader, KeptEntry, KeyMark } from '../../../ports/journal.js';
import type { Logger } from '../../../ports/logger.js';
import { openFailure, writeFailure } from './failures.js';
import { makeFolder } from '../../../files/make-folder.js';
import {
  decodeMeta,
  encodeEntry,
  encodeFormat,
  encodeMark,
  encodeMeta,
  entryKey,
  FORMAT_KEY,
  FORMAT_LEAST,
  FORMAT_WITH_REQUESTS,
  FORMATS,
  isKnownFormat,
  logKey,
  logPosition,
  logRange,
  markKey,
  META_KEY,
  otherStates,
  stateRange,
} from './layout.js';
import type { Meta } from './layout.js';
import { readState } from './read-state.js';

type Database = ClassicLevel<Buffer, Buffer>;

const NEWLINE = '\n';
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const EMPTY_META: Meta = { generation: 0, logStart: 0, vector: [], origins: [] };
/** Mode bits of a folder that let others list it and open its files. */
const OTHERS_MAY_READ = 0o055;
const DURABLE = { sync: true } as const;

/** A journal in LevelDB, in a folder of its own that one process uses at a time. */
export class LevelJournal implements Journal {
  private meta: Meta = EMPTY_META;
  /** Where the next append goes. */
  private position = 0;
  private readonly numbers = new Map<string, number>();
  /** Set when a background write failed: whatever is written after it might not be readable again. */
  private tainted: Error | undefined;
  /** Format of the folder: the lowest that can express its content, so that older programs can read it if possible. */
  private format = FORMAT_LEAST;

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

  async load(reader: JournalReader): Promise<void> {
    try {
      reader.vector(this.meta.vector);
      const { origins, generation } = this.meta;
      await readState(this.database, stateRange(generation), origins, (kept) => reader.key(kept));
      for await (const [key, value] of this.database.iterator(logRange(this.meta.logStart))) {
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
    const { database } = this;
    const generation = whole ? this.meta.generation + 1 : this.meta.generation;
    const batch = database.batch();
    let { format } = this;
    const at = ({ origin, seq, version }: Dot & { readonly version: number }, key: string): Buffer =>
      entryKey(generation, key, version, this.numberOf(origin), seq);
    return {
      putEntry: (key: string, entry: KeptEntry) => {
        batch.put(at(entry, key), encodeEntry(entry));
        if (entry.attempt !== undefined) format = FORMAT_WITH_REQUESTS;
      },
      removeEntry: (key, entry) => void batch.del(at(entry, key)),
      putMark: (key: string, mark: KeyMark) => void batch.put(markKey(generation, key), encodeMark(mark)),
      removeMark: (key) => void batch.del(markKey(generation, key)),
      commit: (vector, done) => {
        const meta = this.metaAt(generation, vector);
        for (let i = this.meta.logStart; i < meta.logStart; i++) batch.del(logKey(i));
        batch.put(META_KEY, encodeMeta(meta));
        if (format !== this.format) batch.put(FORMAT_KEY, encodeFormat(format, this.fleet));
        this.unlessTainted(() => batch.write(DURABLE)).then(
          () => {
            this.taken(meta);
            this.format = format;
            done(undefined);
          },
          (error: unknown) => done(writeFailure(error)),
        );
      },
      discard: () => void batch.close(),
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
    const { fleet } = this;
    const format = await this.database.get(FORMAT_KEY);
    if (format === undefined) {
      const first = await this.database.keys({ limit: 1 }).next();
      if (first !== undefined) throw notOurs(this.folder, 'não é uma pasta de dados do kvs');
      await this.database.put(FORMAT_KEY, encodeFormat(this.format, fleet), DURABLE);
      return;
    }
    const { formato, frota } = JSON.parse(format.toString()) as { formato: unknown; frota: unknown };
    if (!isKnownFormat(formato)) {
      const known = FORMATS.join(' e ');
      throw notOurs(this.folder, `formato ${String(formato)}, e este programa conhece os formatos ${known}`);
    }
    this.format = formato;
    if (frota !== fleet)
      throw notOurs(this.folder, `os dados são da frota "${String(frota)}", não de "${fleet}"`);
    await this.readMeta();
    // The state before may still be there, if the process ended before it was deleted.
    for (const range of otherStates(this.meta.generation)) await this.database.clear(range);
  }

  private async readMeta(): Promise<void> {
    const bytes = await this.database.get(META_KEY);
    this.meta = bytes === undefined ? EMPTY_META : decodeMeta(bytes);
    this.position = Math.max(this.position, this.meta.logStart);
    for (const [number, name] of this.meta.origins.entries()) this.numbers.set(name, number);
  }

  /** The metadata after a checkpoint: the log continues after everything that may have been written to it. */
  private metaAt(generation: number, vector: VectorEntries): Meta {
    return { generation, logStart: this.position + 1, vector, origins: [...this.numbers.keys()] };
  }

  private taken(meta: Meta): void {
    const before = this.meta.generation;
    this.meta = meta;
    this.position = meta.logStart;
    if (before === meta.generation) return;
    this.database.clear(stateRange(before)).catch((error: unknown) => {
      this.tainted = new Error('the state before could not be taken away', { cause: error });
      this.logger.warn({ err: error }, 'o estado anterior no disco fica para a próxima abertura');
    });
  }

  /** Numbers are assigned in ascending order and never freed, so the map is ordered by them. */
  private numberOf(origin: string): number {
    const known = this.numbers.get(origin);
    if (known !== undefined) return known;
    const number = this.numbers.size;
    this.numbers.set(origin, number);
    return number;
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
