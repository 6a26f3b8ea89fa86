/** What the door does with a question, and the words of the answer. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { existingLine } from '../../call/lines/existing-line.js';
import { lineJson } from '../../call/lines/line-json.js';
import type { KnownNames } from '../../call/lines/line-json.js';
import { compareLine, writeLine } from '../../call/lines/write-line.js';
import { andThen } from '../../call/operation.js';
import type { DoorOperation } from '../../call/operation.js';
import { publicMessage } from '../../call/reason.js';
import type { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine, Stream } from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import type { AnsweredRequests } from './answered-requests.js';
import { mqttDoorLimits } from './limits.js';
import type { Question } from './question-json.js';

type Asked<Op extends Question['op']> = Extract<Question, { readonly op: Op }>;

/** Rows that are looked at before other calls get their turn. */
const ROWS_PER_TURN = 256;

/**
 * The answer to a question, as JSON.
 * @param answered remembers the writes with a request id that the engine does not remember itself
 */
export function questionOperation(
  names: KnownNames,
  answered: Pick<AnsweredRequests, 'once'>,
): DoorOperation<Question, string> {
  const shown = (line: Line): string => JSON.stringify(lineJson(line, names));
  return {
    run: (question, { engine, identity }, attempt, ttlMs, call) => {
      /** Nobody gets the answer to somebody else's request. */
      const once = (what: readonly unknown[], act: () => Awaitable<string>): Awaitable<string> =>
        attempt === undefined
          ? act()
          : answered.once(attempt.id, [question.op, identity?.name ?? null, ttlMs ?? null, ...what], act);
      switch (question.op) {
        case 'consulta': {
          const { chave: key, versao: version, em: timestamp } = question;
          return andThen(existingLine(engine, { kind: 'line', key, version, timestamp }), shown);
        }
        case 'insere': {
          const { chave: key, valor: value } = question;
          const insert = { kind: 'insert', key, value, ttlMs } as const;
          if (engine.capabilities.remembersRequests === true) {
            return andThen(writeLine(engine, { ...insert, attempt }), shown);
          }
          return once([key, value], () => andThen(writeLine(engine, insert), shown));
        }
        case 'compara': {
          const { chave: key, versao: expected, valor } = question;
          const compare = { kind: 'compare', key, expected, value: valor ?? undefined, ttlMs } as const;
          return once([key, expected, valor], () => andThen(compareLine(engine, compare), shown));
        }
        case 'remove': {
          const { chave: key, versao: version } = question;
          return once([key, version ?? null], () =>
            andThen(engine.write<'remove'>({ kind: 'remove', key, version }), ({ versions }) =>
              JSON.stringify({ chave: key, removidas: versions }),
            ),
          );
        }
        case 'historico':
          return historyPage(engine, question, shown, () => call?.isOver?.() === true);
        case 'lista':
          return listPage(engine, question, shown, () => call?.isOver?.() === true);
      }
    },
    refusal: () => undefined,
    ...{ takesAttempts: true, remembersRequests: true },
    ttl: 'taken',
  };
}

/** The words of a refusal. */
export function refusalJson(error: KvsError, more: object = {}): string {
  return JSON.stringify({ ...more, codigo: error.code, motivo: publicMessage(error) });
}

function listPage(
  engine: Engine,
  question: Asked<'lista'>,
  shown: (line: Line) => string,
  isOver: () => boolean,
): Promise<string> {
  const { chave, prefixo: prefix = chave, de: from, ate: to, depois: after, limite } = question;
  return page(
    engine.scan({ kind: 'list', prefix, from, to, after }),
    limite,
    shown,
    ({ key }) => key,
    isOver,
  );
}

function historyPage(
  engine: Engine,
  { chave: key, depois: after = 0, limite }: Asked<'historico'>,
  shown: (line: Line) => string,
  isOver: () => boolean,
): Promise<string> {
  // Siblings have one version: a page never ends between them.
  const lines = engine.scan({ kind: 'lines', key });
  return page(
    lines,
    limite,
    shown,
    ({ version }) => version,
    isOver,
    ({ version }) => version > after,
  );
}

/**
 * A page of lines: `{"linhas":[…]}`, and where more follow `"depois"`, from which to go on. Lines with the same place
 * are on the same page.
 */
async function page(
  lines: Stream<Line>,
  most: number = mqttDoorLimits.answerLines,
  shown: (line: Line) => string,
  placeOf: (line: Line) => string | number,
  isOver: () => boolean,
  isWanted: (line: Line) => boolean = () => true,
): Promise<string> {
  const texts: string[] = [];
  let bytes = 0;
  let last: string | number | undefined;
  let seen = 0;
  let follows = false;
  for await (const line of lines) {
    if (line === undefined || ++seen % ROWS_PER_TURN === 0) {
      await nextTurn();
      // Nobody waits for the rest.
      if (isOver()) break;
    }
    if (line === undefined || !isWanted(line)) continue;
    const text = shown(line);
    const size = Buffer.byteLength(text) + 1;
    const isFull = texts.length >= most || bytes + size > mqttDoorLimits.answerBytes;
    // So many siblings that they fit no message are left out.
    const isTooLong = bytes + size > mqttDoorLimits.answerBytesMax;
    if (texts.length > 0 && (isTooLong || (isFull && placeOf(line) !== last))) {
      follows = true;
      break;
    }
    texts.push(text);
    bytes += size;
    last = placeOf(line);
  }
  const next = follows ? `,"depois":${JSON.stringify(last)}` : '';
  return `{"linhas":[${texts.join(',')}]${next}}`;
}
