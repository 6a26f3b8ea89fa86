import type { LineJson } from '../../../src/doors/http/schemas.js';
import { ask, Refusal } from '../api/request.js';
import { readLines } from '../api/stream.js';
import { pageLimits } from '../limits.js';

const JSON_FORM = { accept: 'application/json' } as const;

/** A key in the query: one form for every key, also those that a path cannot carry. */
function addressOf(key: string, more: Readonly<Record<string, string | undefined>> = {}): string {
  const parameters = Object.entries<string | undefined>({ chave: key, ...more }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `/v1/chave?${parameters.join('&')}`;
}

/** Whether an address can carry the key. */
export function fitsAddress(key: string): boolean {
  return addressOf(key, { versao: '2147483647' }).length <= pageLimits.targetChars;
}

/** Which version of a key is asked for: the greatest up to one, the one of an instant, or the latest. */
export interface Point {
  readonly version?: number | undefined;
  /** ms since 1970. */
  readonly instant?: number | undefined;
}

/** One version of a key; `undefined` if there is none. */
export async function askForKey(
  key: string,
  { version, instant }: Point,
  signal?: AbortSignal,
): Promise<LineJson | undefined> {
  const path = addressOf(key, { versao: version?.toString(), em: instant?.toString() });
  try {
    return (await (await ask(path, { headers: JSON_FORM, signal })).json()) as LineJson;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return undefined;
    throw error;
  }
}

/** What must hold for a write to be done: nothing, no such key, or this latest version. */
export type Condition = 'none' | 'absent' | number;

interface WriteTerms {
  readonly ttl: number | undefined;
  readonly condition: Condition;
  readonly requestId: string | undefined;
}

/**
 * Writes a version.
 * @param requestId for a write without a condition: repeated with the same one, it is done once
 * @returns its line; of a key that no address carries, its version alone
 */
export async function writeKey(
  key: string,
  value: string,
  { ttl, condition, requestId }: WriteTerms,
): Promise<{ readonly versao: number }> {
  if (!fitsAddress(key)) {
    if (ttl !== undefined || condition !== 'none') throw new Refusal(414, 'CHAVE_LONGA', LONG_KEY);
    return writeLong(key, value);
  }
  const conditions: Record<string, string> =
    condition === 'none'
      ? {}
      : condition === 'absent'
        ? { 'if-none-match': '*' }
        : { 'if-match': `"${condition}"` };
  const headers: Record<string, string> = {
    ...JSON_FORM,
    'content-type': 'text/plain;charset=utf-8',
    ...conditions,
  };
  if (condition === 'none' && requestId !== undefined) headers['idempotency-key'] = requestId;
  const path = addressOf(key, { ttl: ttl?.toString() });
  return (await (await ask(path, { method: 'PUT', headers, body: value })).json()) as LineJson;
}

const LONG_KEY = 'esta chave não cabe em um endereço: com prazo ou condição, grave-a por gRPC (kvs insere)';

async function writeLong(key: string, value: string): Promise<{ readonly versao: number }> {
  const body = `${JSON.stringify({ chave: key, valor: value })}\n`;
  const headers = { 'content-type': 'application/x-ndjson' };
  const text = await (await ask('/v1/lote', { method: 'POST', headers, body })).text();
  const answer = JSON.parse(text) as { versao?: number; codigo?: string };
  if (answer.versao === undefined) throw new Refusal(400, answer.codigo ?? '', answer.codigo ?? '');
  return { versao: answer.versao };
}

/** Removes one version, or all of them. */
export async function askRemoval(key: string, version?: number): Promise<void> {
  await ask(addressOf(key, { versao: version?.toString() }), { method: 'DELETE' });
}

/** One page of keys, and the address of the next one. */
interface KeyPage {
  readonly lines: readonly LineJson[];
  readonly next: string | undefined;
}

/** The first page of keys that begin with a prefix. */
export function firstPage(prefix: string): string {
  const begin = prefix === '' ? '' : `prefixo=${encodeURIComponent(prefix)}&`;
  return `/v1/chaves?${begin}limite=${pageLimits.keysPerPage}`;
}

export async function readPage(path: string, signal: AbortSignal): Promise<KeyPage> {
  const answer = await ask(path, { headers: JSON_FORM, signal });
  const [, next] = /^<([^>]*)>; rel="next"$/.exec(answer.headers.get('link') ?? '') ?? [];
  return { lines: (await answer.json()) as readonly LineJson[], next };
}

/** Every version of a key, oldest first; of a long history the last ones. */
export interface HistoryRead {
  readonly lines: readonly LineJson[];
  /** Versions that were read and are not among them. */
  readonly leftOut: number;
  /** The history was too long to be read to its end. */
  readonly isCut: boolean;
}

export async function readHistory(key: string, signal: AbortSignal): Promise<HistoryRead> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const lines: LineJson[] = [];
  let [leftOut, read, isCut] = [0, 0, false];
  try {
    // One version a line, after the bracket and before a comma.
    await readLines(
      addressOf(key).replace('/v1/chave?', '/v1/historico?'),
      { signal: own.signal },
      20_000,
      (texts) => {
        for (const text of texts) {
          read += text.length;
          const line = parsedLine(text);
          if (line !== undefined) lines.push(line);
        }
        const beyond = lines.length - pageLimits.versions;
        if (beyond > 0) {
          lines.splice(0, beyond);
          leftOut += beyond;
        }
        if (read > pageLimits.historyBytes) {
          isCut = true;
          own.abort();
        }
      },
    );
  } catch (error) {
    if (!isCut) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return { lines, leftOut, isCut };
}

function parsedLine(text: string): LineJson | undefined {
  const from = text.startsWith('[') ? 1 : 0;
  const to = /[,\]]$/.test(text) && text.length > 1 ? text.length - 1 : text.length;
  const body = text.slice(from, to);
  return body.startsWith('{') ? (JSON.parse(body) as LineJson) : undefined;
}
