import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Logger } from '../ports/logger.js';
import type { ServerConfig } from '../config/server-config.js';
import { assertPrivate } from '../config/exposure.js';
import { appLimits } from './limits.js';
import { createLogger } from './logger.js';
import { heedHangup } from './reload.js';
import type { RunningServer } from './running-server.js';
import { startServer } from './server.js';

/**
 * Runs a server in this process until SIGTERM or SIGINT (or SIGHUP, see {@link heedHangup}), then drains it. A second
 * signal ends it at once.
 * @param warnings about the configuration that do not prevent a start
 * @param start starts the server, by default with the engine that the configuration names
 * @returns whether it left writes behind that other servers lack
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function runServer(
  config: ServerConfig,
  warnings: readonly string[] = [],
  start: typeof startServer = startServer,
): Promise<boolean> {
  const exposed = await assertPrivate(config);
  const logger = await createLogger(config.logLevel, process.stderr.isTTY);
  for (const warning of [...warnings, ...exposed]) logger.warn({}, warning);
  endOnBug(logger);
  forgetClosedTerminals();
  const signal = firstSignal(logger);
  const server = await start(config, logger, () => {
    // After this turn, since a server without peers begins to serve in the turn in which it starts.
    setImmediate(() => {
      announce(server);
    });
  });
  logger.info({ sinal: await signal }, 'sinal recebido: saindo em ordem (outro, depois de 1 s, encerra já)');
  const stuck = setTimeout(() => {
    logger.error({ prazoMs: appLimits.stopMs }, 'a saída não terminou no prazo: encerrando à força');
    process.exit(1);
  }, appLimits.stopMs);
  const leavesBehind = await server.stop();
  clearTimeout(stuck);
  if (leavesBehind) {
    logger.error({}, 'escritas deste servidor se perderam: nenhum outro as confirmou antes da saída');
  }
  return leavesBehind;
}

/** Prints one line on standard output (or error), for people and for scripts that wait until the server serves. */
function announce(server: RunningServer): void {
  const facts = server.facts().map(([name, value]) => `${name}: ${value}`);
  const stream = server.ownsOutput === true ? process.stderr : process.stdout;
  stream.on('error', () => undefined);
  stream.write(`${[`servidor pronto em ${server.address}`, ...facts].join(' | ')}\n`);
}

/**
 * A signal that follows another within this time counts as the same one: sent by terminal and script, or a repeated
 * key.
 */
const SAME_WISH_MS = 1_000;

function firstSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seenMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seenMs !== undefined) {
        if (performance.now() - seenMs < SAME_WISH_MS) return;
        logger.warn({ sinal: signal }, 'segundo sinal: encerrando já');
        process.exit(1);
      }
      seenMs = performance.now();
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    heedHangup(logger, () => {
      seenMs = performance.now();
      resolve('SIGHUP');
    });
  });
}

/**
 * At exit Node.js restores the settings of each terminal, and crashes with a trace if one has been closed meanwhile. So
 * the descriptors of closed terminals are replaced before.
 */
function forgetClosedTerminals(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) {
      if (isatty(fd)) continue;
      closeSync(fd);
      // Opens the lowest free descriptor, which is the one just closed.
      openSync('/dev/null', 'r+');
    }
  });
}

/**
 * Ends the process after a bug, since its state cannot be trusted: peers can repair the loss of a server, not its wrong
 * answers.
 */
function endOnBug(logger: Logger): void {
  const end = (what: string) => (error: unknown) => {
    logger.error({ err: error }, `${what}: encerrando`);
    process.exit(1);
  };
  process.on('uncaughtException', end('erro não tratado'));
  process.on('unhandledRejection', end('promessa rejeitada sem tratamento'));
}
