import { limits } from '../core/limits.js';
import type { Logger } from '../ports/logger.js';
import type { ServerConfig } from './config.js';
import { assertPrivate } from './exposure.js';
import { createLogger } from './logger.js';
import { heedHangup } from './reload.js';
import type { RunningServer } from './running-server.js';
import { startServer } from './server.js';

/** A drain that takes longer than its own deadlines together is stuck. */
const STOP_MS_MAX = limits.drainMs + limits.busStopMs + 2_000;

/**
 * Runs a server in this process until SIGTERM or SIGINT (or SIGHUP, as {@link heedHangup} says), then drains it. A second signal ends it at once.
 * @param warnings what is odd about the configuration but does not prevent a start
 * @param start what starts it, by default with the engine that the configuration names
 * @returns the exit code
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function runServer(
  config: ServerConfig,
  warnings: readonly string[] = [],
  start: typeof startServer = startServer,
): Promise<number> {
  const exposed = await assertPrivate(config);
  const logger = await createLogger(config.logLevel, process.stderr.isTTY);
  for (const warning of [...warnings, ...exposed]) logger.warn({}, warning);
  endOnBug(logger);
  const signal = firstSignal(logger);
  const server = await start(config, logger, () => {
    // After this turn: a server without peers serves in the turn in which it starts.
    setImmediate(() => {
      announce(server);
    });
  });
  logger.info({ sinal: await signal }, 'sinal recebido');
  const stuck = setTimeout(() => {
    logger.error({ prazoMs: STOP_MS_MAX }, 'a saída não terminou no prazo: encerrando à força');
    process.exit(1);
  }, STOP_MS_MAX);
  await server.stop();
  clearTimeout(stuck);
  return 0;
}

/** The one line on standard output (or error), for people and for scripts that wait until the server serves. */
function announce(server: RunningServer): void {
  const facts = server.facts().map(([name, value]) => `${name}: ${value}`);
  const stream = server.ownsOutput === true ? process.stderr : process.stdout;
  stream.on('error', () => undefined);
  stream.write(`${[`servidor pronto em ${server.address}`, ...facts].join(' | ')}\n`);
}

function firstSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) {
        logger.warn({ sinal: signal }, 'segundo sinal: encerrando já');
        process.exit(1);
      }
      seen = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    heedHangup(logger, () => {
      seen = true;
      resolve('SIGHUP');
    });
  });
}

/** After a bug the state is not to be trusted: peers repair the loss of a server, not its wrong answers. */
function endOnBug(logger: Logger): void {
  const end = (what: string) => (error: unknown) => {
    logger.error({ err: error }, `${what}: encerrando`);
    process.exit(1);
  };
  process.on('uncaughtException', end('erro não tratado'));
  process.on('unhandledRejection', end('promessa rejeitada sem tratamento'));
}
