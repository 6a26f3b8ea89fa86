import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { KvsError } from '../core/errors.js';
import type { RecordedEngine } from '../laboratory/recording.js';
import type { LaboratoryAction } from './action.js';
import type { MakeGroup } from './run.js';
import { LaboratoryRun } from './run.js';
import type { ServerSituation } from './server-group.js';
import { refused } from './server-group.js';

/** What a page sees of the laboratory: a run that goes on, or one that was recorded. */
export interface ShownLaboratory {
  /** The recording now. Another one begins with another engine, or anew. */
  recording(): ShownRecording;
  situation(): { readonly motor: RecordedEngine; readonly servidores: readonly ServerSituation[] };
  /** @throws KvsError if it is refused */
  act(action: LaboratoryAction): Promise<object>;
  /** @param onChange called when there are more lines, or another recording */
  follow(onChange: () => void): () => void;
}

/** Lines with their ends. */
interface ShownRecording {
  readonly headerLine: string;
  readonly lines: readonly string[];
  readonly startedMs: number;
}

interface LaboratoryDeps {
  readonly make: (engine: RecordedEngine) => MakeGroup;
  /** Of the first recording; later ones get a number. */
  readonly file: string;
  readonly onTrouble: (problem: string) => void;
  /** Told of every recording that begins. */
  readonly onRecording: (file: string, engine: RecordedEngine) => void;
  readonly onServing: () => void;
}

/** The laboratory of one terminal: one run at a time. */
export class LiveLaboratory implements ShownLaboratory {
  private run: LaboratoryRun | undefined;
  private readonly watchers = new Set<() => void>();
  private unfollow = (): void => undefined;
  private files = 0;
  private isChanging = false;
  private isEnding = false;
  private starting: ReturnType<typeof LaboratoryRun.start> | undefined;

  constructor(private readonly deps: LaboratoryDeps) {}

  /** Files of all recordings, in order. */
  readonly recorded: string[] = [];

  /** Starts a run. @returns once its servers serve */
  async begin(engine: RecordedEngine): Promise<void> {
    const file = this.nextFile();
    const starting = LaboratoryRun.start(this.deps.make(engine), file, this.deps.onTrouble);
    this.starting = starting;
    const { run, serving } = await starting;
    this.run = run;
    this.recorded.push(file);
    this.unfollow();
    this.unfollow = run.recorder.follow(() => {
      this.changed();
    });
    this.deps.onRecording(file, engine);
    this.changed();
    await serving;
    if (!run.isEnding) this.deps.onServing();
  }

  recording(): ShownRecording {
    const { recorder } = this.current();
    return { headerLine: recorder.headerLine, lines: recorder.lines, startedMs: recorder.header.startedMs };
  }

  situation(): { readonly motor: RecordedEngine; readonly servidores: readonly ServerSituation[] } {
    const run = this.current();
    return { motor: run.engine, servidores: run.situation() };
  }

  async act(action: LaboratoryAction): Promise<object> {
    if (this.isChanging) throw refused('os servidores estão sendo trocados: espere');
    this.assertGoing();
    const run = this.current();
    if (action.acao !== 'motor' && action.acao !== 'recomeca') return run.act(action);
    this.isChanging = true;
    try {
      await run.stop();
      this.assertGoing();
      await this.begin(action.acao === 'motor' ? action.motor : run.engine);
      return {};
    } finally {
      this.isChanging = false;
    }
  }

  follow(onChange: () => void): () => void {
    this.watchers.add(onChange);
    return () => this.watchers.delete(onChange);
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    await this.run?.stop();
    // Another one may have begun meanwhile.
    const last = await this.starting?.catch(() => undefined);
    await last?.run.stop();
  }

  killAll(): void {
    this.run?.killAll();
  }

  private assertGoing(): void {
    if (this.isEnding) throw refused('o laboratório está terminando');
  }

  private current(): LaboratoryRun {
    if (this.run === undefined) throw new KvsError('SERVIDOR_ENTRANDO', 'o laboratório está começando');
    return this.run;
  }

  private changed(): void {
    for (const tell of this.watchers) tell();
  }

  private nextFile(): string {
    const { file } = this.deps;
    if (++this.files === 1) return file;
    const extension = extname(file);
    const numbered = (): string =>
      join(dirname(file), `${basename(file, extension)}-${this.files}${extension}`);
    // Only the first was named by a person: what has another name may be the recording of another day.
    while (existsSync(numbered())) this.files++;
    return numbered();
  }
}
