import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import type { Logger } from '../ports/logger.js';
import type { LogLevel } from '../config/server-options.js';

const STDERR_FD = 2;

/**
 * The log of a server, on standard error: one JSON object per line, or coloured lines for people. Written
 * synchronously, so that the last line before an exit is not lost.
 */
export async function createLogger(level: LogLevel, pretty: boolean): Promise<Logger> {
  const destination = pretty
    ? await prettyDestination()
    : pino.destination({ dest: STDERR_FD, sync: true }).on('error', ignoreClosedStderr);
  return pinoLogger(level, destination);
}

/** The logger port over pino. Passwords in URLs are never written. */
export function pinoLogger(level: LogLevel, destination: DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'mensagem',
      formatters: { level: (label) => ({ nivel: label }) },
      redact: ['senha', 'password', '*.senha', '*.password'],
    },
    destination,
  );
  return {
    debug: (fields, message) => {
      log.debug(fields, message);
    },
    info: (fields, message) => {
      log.info(fields, message);
    },
    warn: (fields, message) => {
      log.warn(fields, message);
    },
    error: (fields, message) => {
      log.error(fields, message);
    },
  };
}

async function prettyDestination(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: STDERR_FD,
    sync: true,
    colorize: (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    levelKey: 'nivel',
    messageKey: 'mensagem',
    timestampKey: 'time',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    customPrettifiers: {
      level: (_level, _key, _log, { labelColorized, label }) =>
        labelColorized.replace(label, LEVELS[label] ?? label),
    },
  });
}

/** Level names for people. JSON keeps the standard names, which programs know. */
const LEVELS: Readonly<Record<string, string>> = {
  DEBUG: 'DETALHE',
  INFO: 'INFO',
  WARN: 'AVISO',
  ERROR: 'ERRO',
};

/** Keeps the server running when the reader of the log has gone. */
function ignoreClosedStderr(): void {
  return;
}
