import { isatty } from 'node:tty';
import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';

const STDERR_FD = 2;

/**
 * Takes something up anew, such as certificates from their files, for everything that begins from now on.
 * @throws anything (as a rejection too) if what is there now does not serve; then it must have changed nothing
 */
type Reload = () => Promise<void> | void;

/**
 * What a process takes up anew without a restart, in the order in which it was registered: what comes later may build
 * on what came before.
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
   * Runs every action, one line of the log for each. A failure keeps the old state of that action and hinders no other.
   * Called while it runs, it runs once more afterwards: files may have changed since they were read. Never rejects.
   */
  run(logger: Logger): Promise<void> {
    this.again = this.running !== undefined;
    // Begun apart, so that an action that calls this finds it running.
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

  // Apart, because the compiler takes a field that was set before an await for unchanged.
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

/** A process hears one SIGHUP, so it has one list. */
const atHangup = new Reloads();

/**
 * Registers what SIGHUP takes up anew in this process: see {@link heedHangup}.
 * @param name Portuguese, for the log
 */
export function onReload(name: string, reload: Reload): void {
  atHangup.add(name, reload);
}

/**
 * From now on SIGHUP takes up anew what was registered. It ends the process in order where there is nothing of that, and
 * where the terminal of the log was closed: that sends SIGHUP too, and nobody could see any more that the server goes on.
 * @param end as for SIGTERM; called once at most
 */
export function heedHangup(logger: Logger, end: () => void): void {
  const hadTerminal = isatty(STDERR_FD);
  let isEnding = false;
  process.on('SIGHUP', () => {
    // A terminal that closes and the shell in it may both send one.
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
