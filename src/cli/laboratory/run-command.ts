import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { LABORATORY_OPTIONS } from '../../config/laboratory-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { missingText } from '../../laboratory/early-end.js';
import type { RecordedEngine } from '../../laboratory/recording.js';
import { ProcessGuard } from '../../supervisor/process-guard.js';
import { LaboratoryHttp } from '../../supervisor/http-door.js';
import { LiveLaboratory } from '../../supervisor/laboratory.js';
import type { ShownLaboratory } from '../../supervisor/laboratory.js';
import { laboratoryPages } from '../../supervisor/pages.js';
import { readRecordingFile, replayOf } from '../../supervisor/replay.js';
import { LaboratorySessions } from '../../supervisor/sessions.js';
import { groupMaker } from '../../supervisor/group-maker.js';
import { logText } from '../demo/log-line.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { ownCommand } from '../own-command.js';

/**
 * `kvs laboratorio`: servers of one system, each a process of its own, with a page to look at them and to disturb them, until
 * the person at the terminal ends them; or the page with a recording.
 * @throws KvsError CONFIGURACAO, DADOS_INVALIDOS, PORTA_EM_USO
 */
export async function runLaboratoryPage(flags: Flags, output: Output): Promise<ExitCode> {
  const settings = new Settings(LABORATORY_OPTIONS, { flags, env: {}, file: undefined });
  const [file, port] = [settings.value('abre'), settings.value('porta')];
  const command = laboratoryCommand();
  const ended = firstSignal();
  if (file !== undefined) {
    const read = await readRecordingFile(file);
    const { recording } = read;
    const missing = missingText(read);
    if (missing !== undefined) output.error(`${file}: ${missing}`);
    const page = await LaboratoryPage.open(replayOf(recording, command), command, port, output);
    await output.line(`a gravação ${file}: ${recording.events.length} eventos. Ctrl-C termina.`);
    page.invite();
    await Promise.race([ended.signal, page.isLeft]);
    await page.close();
    return EXIT.ok;
  }
  const target = settings.value('grava') ?? join(await mkdtemp(join(tmpdir(), RECORDINGS)), usualName());
  const guard = await ProcessGuard.start();
  const colors = picocolors.createColors(output.colors);
  const laboratory = new LiveLaboratory({
    make: groupMaker(guard, settings.value('mosquitto'), (name, line) => {
      if (/"nivel":"error"/.test(line)) output.error(`${name}: ${logText(line, colors)}`);
    }),
    file: target,
    onTrouble: output.error,
    onRecording: (path, engine) => void output.line(`gravando em ${path} (motor: ${engine})`),
    onServing: () => void output.line('os três servidores atendem'),
  });
  // However this process ends, as far as it can do anything then.
  process.on('exit', () => {
    laboratory.killAll();
  });
  ended.onSecond = () => {
    laboratory.killAll();
  };
  const engine: RecordedEngine = settings.value('motor');
  const begun = laboratory.begin(engine);
  const opening = LaboratoryPage.open(laboratory, command, port, output);
  try {
    const page = await Promise.race([opening, neverUnlessFailed(begun)]);
    page.invite();
    await Promise.race([ended.signal, page.isLeft, neverUnlessFailed(begun)]);
  } finally {
    output.error('terminando os servidores…');
    // It may open only after its servers have failed.
    await (await opening.catch(() => undefined))?.close();
    await laboratory.stop();
    await guard.stop();
    for (const path of laboratory.recorded) await output.line(`a gravação está em ${path}`);
  }
  return EXIT.ok;
}

const RECORDINGS = 'kvs-gravacao-';

/** What whoever is at this terminal types to start a laboratory. */
function laboratoryCommand(): string {
  const { PROGRAMA_KVS: script, PATH = '' } = process.env;
  return script ?? `${ownCommand(process.argv[1] ?? 'kvs', PATH, process.cwd())} laboratorio`;
}

function usualName(): string {
  return `laboratorio-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.jsonl`;
}

/** A promise that rejects with another one, and does nothing otherwise. */
function neverUnlessFailed(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch((error: unknown) => {
      reject(KvsError.from(error));
    });
  });
}

/** Signals that end this program: the first asks, a second one insists. */
function firstSignal(): { readonly signal: Promise<void>; onSecond: () => void } {
  let seen = false;
  const heard = { signal: Promise.resolve(), onSecond: (): void => undefined };
  heard.signal = new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (seen) heard.onSecond();
        seen = true;
        resolve();
      });
    }
  });
  return heard;
}

/** The page, and the lines of the terminal that lead to it. */
class LaboratoryPage {
  /** Whoever typed at the terminal has left it. */
  readonly isLeft: Promise<void>;
  private readonly reader: Interface;

  private constructor(
    private readonly http: LaboratoryHttp,
    private readonly sessions: LaboratorySessions,
    private readonly port: number,
    private readonly output: Output,
  ) {
    this.reader = createInterface({ input: process.stdin });
    this.isLeft = new Promise((resolve) => {
      let isHeard = false;
      this.reader.on('line', () => {
        isHeard = true;
        this.showAddress();
      });
      this.reader.on('close', () => {
        // Without a terminal and without a line, as in the background, it goes on until a signal ends it.
        if (process.stdin.isTTY || isHeard) resolve();
      });
    });
  }

  static async open(
    laboratory: ShownLaboratory,
    command: string,
    port: number,
    output: Output,
  ): Promise<LaboratoryPage> {
    const sessions = new LaboratorySessions(() => performance.now());
    const http = new LaboratoryHttp({ laboratory, command, sessions, pageAt: await laboratoryPages() });
    return new LaboratoryPage(http, sessions, await http.listen(port), output);
  }

  /** Says what to do. */
  invite(): void {
    void this.output.line('abra no navegador (o endereço vale uma vez; Enter mostra outro; Ctrl-C termina):');
    this.showAddress();
  }

  async close(): Promise<void> {
    this.reader.close();
    process.stdin.pause();
    await this.http.close();
  }

  private showAddress(): void {
    void this.output.line(`  http://127.0.0.1:${this.port}/#${this.sessions.newPass()}`);
  }
}
