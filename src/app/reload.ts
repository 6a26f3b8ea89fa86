import { isatty } from 'node:tty';
import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';

const STDERR_FD = 2;

/**
 * Reloads something, such as certificates from their files, for everything that begins from now on.
 * @throws anything (as a rejection too) if the new content is invalid; then it must have changed nothing
 */
type Reload = () => Promise<void> | void;

/**
 * What a process can reload without a restart, in the order of registration, since later actions may depend on earlier
 * ones.
 */
export class Reloads {
  private readonly actions: { readonly name: string; readonly reload: Reload }[] = [];
  private running: Promise<void> | undefined;
  private again = false;

  get isEmpty(): boolean {
    return this.actions.length === 0;
  }

  /** @param name Portuguese, for the log: `certificados`, `credenciais` */
  add(name: string, reload: Reload): void {
    this.actions.push({ name, reload });
  }

  /**
   * Runs every action, with one log line for each. A failed action keeps its old state and does not stop the others. A
   * call during a run causes one more run afterwards, since files may have changed after they were read. Never rejects.
   */
  run(logger: Logger): Promise<void> {
    this.again = this.running !== undefined;
    // Started asynchronously, so that an action that calls this finds it running.
    return (this.running ??= Promise.resolve()
      .then(() => this.runAll(logger))
      .finally(() => {
        this.running = undefined;
      }));
  }

  private async runAll(logger: Logger): Promise<void> {
    do {
      this.again = false;
      for (const { name, reload } of this.actions) await runOne(name, reload, logger);
      // An action or a signal may have set it meanwhile.
    } while (this.wantsAgain());
  }

  // A method, because the compiler assumes that a field does not change across an await.
  private wantsAgain(): boolean {
    return this.again;
  }
}

async function runOne(name: string, reload: Reload, logger: Logger): Promise<void> {
  try {
    await reload();
    logger.info({ recarga: name }, `recarregado: ${name}`);
  } catch (error) {
    const { code, message } = KvsError.from(error);
    logger.error({ recarga: name, codigo: code, motivo: message }, `continua como estava: ${name}`);
  }
}

/** One list per process, since SIGHUP is per process. */
const atHangup = new Reloads();

/**
 * Registers what SIGHUP reloads in this process: see {@link heedHangup}.
 * @param name Portuguese, for the log
 */
export function onReload(name: string, reload: Reload): void {
  atHangup.add(name, reload);
}

/**
 * From now on SIGHUP reloads what was registered. It ends the process in order if nothing was registered, or if the
 * log's terminal was closed: that sends SIGHUP too, and nobody could see any more that the server continues.
 * @param end as for SIGTERM; called once at most
 */
export function heedHangup(logger: Logger, end: () => void): void {
  const hadTerminal = isatty(STDERR_FD);
  let isEnding = false;
  process.on('SIGHUP', () => {
    // A closing terminal and its shell may both send SIGHUP.
    if (isEnding) return;
    const terminalGone = hadTerminal && !isatty(STDERR_FD);
    isEnding = atHangup.isEmpty || terminalGone;
    if (isEnding) {
      const why = terminalGone ? 'o terminal do log fechou' : 'não há arquivo a reler';
      logger.info({}, `SIGHUP encerra este servidor: ${why}`);
      end();
    } else void atHangup.run(logger);
  });
}
