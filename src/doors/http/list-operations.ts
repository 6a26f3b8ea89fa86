/** What the door shows of many versions: pages of lists, histories, watches. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { neverAnswered } from '../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';
import type { Stream } from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import type { Watch, WatchEvent } from '../../ports/watch.js';
import type { HttpAnswer } from './exchange.js';
import { LINE_FORM } from './forms.js';
import { httpLimits } from './limits.js';
import { lineJson } from '../../call/lines/line-json.js';
import type { KnownNames } from '../../call/lines/line-json.js';
import type { RouteRequest } from './route.js';
import type { QUERIES } from './schemas.js';

type ListQuery = z.output<typeof QUERIES.list>;

type WatchQuery = z.output<typeof QUERIES.watch>;

/** Rows that are looked at before other calls get their turn. */
const ROWS_PER_TURN = 256;

/**
 * A page of a list. Where more follows, `Link` leads to it: the target names the last key of this page, so it needs one
 * that a target can carry.
 */
export function listOperation(names: KnownNames): DoorOperation<RouteRequest<ListQuery>, HttpAnswer> {
  return {
    run: async ({ query }, { engine }) => {
      const { prefixo: prefix, de: from, ate: to, depois: after, 'so-chaves': keysOnly = false } = query;
      const most = query.limite ?? httpLimits.pageLines;
      const found = engine.scan({ kind: 'list', prefix, from, to, after });
      const page = new Page(query);
      let isWhole = true;
      let seen = 0;
      for await (const line of found) {
        if (line === undefined || ++seen % ROWS_PER_TURN === 0) await nextTurn();
        if (line === undefined) continue;
        const text = JSON.stringify(keysOnly ? line.key : lineJson(line, names));
        isWhole = page.length < most && page.add(line.key, text);
        if (!isWhole) break;
      }
      return page.answer(isWhole);
    },
    refusal: neverAnswered,
  };
}

class Page {
  private readonly texts: string[] = [];
  private bytes = 0;
  /** The link to what follows the last key that a target can carry, and how many lines end with it. */
  private next: { readonly link: string; readonly length: number } | undefined;

  constructor(private readonly query: ListQuery) {}

  get length(): number {
    return this.texts.length;
  }

  /** @returns false if the page is full without it */
  add(key: string, text: string): boolean {
    const bytes = Buffer.byteLength(text);
    if (this.length > 0 && this.bytes + bytes > httpLimits.pageBytes) return false;
    this.bytes += bytes;
    this.texts.push(text);
    // Keys that are too long are told apart without encoding them.
    const link = key.length > httpLimits.targetBytes ? undefined : this.linkAfter(key);
    if (link !== undefined) this.next = { link, length: this.length };
    return true;
  }

  /** @throws KvsError CHAVE_LONGA if more follows, and no target leads there */
  answer(isWhole: boolean): HttpAnswer {
    const { next, texts } = this;
    if (!isWhole && next === undefined) {
      throw new KvsError(
        'CHAVE_LONGA',
        'a página termina em uma chave que não cabe em um endereço: use de, ou Lista por gRPC',
      );
    }
    const shown = isWhole ? texts : texts.slice(0, next?.length);
    return {
      status: 200,
      fields: {
        'content-type': LINE_FORM,
        ...(!isWhole && next !== undefined && { link: `<${next.link}>; rel="next"` }),
      },
      body: `[${shown.join(',\n')}]\n`,
    };
  }

  private linkAfter(key: string): string | undefined {
    const { 'so-chaves': keysOnly, ...rest } = this.query;
    const parameters = Object.entries({ ...rest, depois: key })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    if (keysOnly === true) parameters.push('so-chaves');
    const target = `/v1/chaves?${parameters.join('&')}`;
    return target.length > httpLimits.targetBytes ? undefined : target;
  }
}

export function historyOperation(names: KnownNames): RowsOperation<RouteRequest<unknown>, Line, string> {
  return {
    rows: ({ key }, { engine }) => engine.scan({ kind: 'lines', key }),
    answer: (line) => JSON.stringify(lineJson(line, names)),
  };
}

export function watchOperation(
  names: KnownNames,
): RowsOperation<RouteRequest<WatchQuery>, WatchEvent, string> {
  return {
    rows: (request, { engine }): Stream<WatchEvent> => {
      if (engine.capabilities.watches !== true) {
        throw new KvsError('NAO_SUPORTADO', 'este motor não tem observação');
      }
      return engine.scan(watchOf(request));
    },
    answer: (event) => eventText(event, names),
    isEndless: true,
  };
}

function watchOf({ query, headers }: RouteRequest<WatchQuery>): Watch {
  const { chave: key, prefixo: prefix, desde, inicio } = query;
  if (key !== undefined && prefix !== undefined) {
    throw new KvsError('PEDIDO_INVALIDO', 'chave e prefixo: só um dos dois');
  }
  const token = headers['last-event-id']?.toString() || desde;
  const start = inicio === 'tudo' ? 'everything' : 'now';
  return { kind: 'watch', key, prefix, from: token === undefined ? start : { token } };
}

const EVENT_NAMES: Readonly<Record<WatchEvent['kind'], string>> = {
  insert: 'insere',
  remove: 'remove',
  expire: 'expira',
  present: 'presente',
  restart: 'recomeca',
  upToDate: 'em-dia',
};

/** An event as a stream of events has it. Without data a browser would not tell it. */
function eventText({ kind, line, token }: WatchEvent, names: KnownNames): string {
  const id = token === undefined ? '' : `id: ${token}\n`;
  const data = line === undefined ? '{}' : JSON.stringify(lineJson(line, names));
  return `event: ${EVENT_NAMES[kind]}\n${id}data: ${data}\n\n`;
}
