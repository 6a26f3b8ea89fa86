import type { Rpc } from '../../client/call.js';
import { KvsClient } from '../../client/client.js';
import { numberOf, textOf, valueOf } from '../../client/fields.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { failureOf } from '../failure.js';
import type { Output } from '../output.js';
import { safeJson } from '../rendering/visible.js';
import { oneServer } from './one-server.js';

const CALL: Rpc<object> = {
  ...{ file: 'laboratorio.proto', service: 'kvs.Laboratorio', method: 'Rastreia' },
  ...{ writes: false, read: tracedOf },
};

/** `kvs rastreia`: each message of a server as a line of JSON, until it is told to end. @throws KvsError CONFIGURACAO */
export async function runTrace(flags: Flags, env: SettingSources['env'], output: Output): Promise<ExitCode> {
  const { target } = oneServer('rastreia', flags, env, output);
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  const client = await KvsClient.open(target);
  let isOpened = false;
  const course = {
    isEndless: true,
    next: () => {
      if (isOpened) output.error('rastreando de novo; do que passou enquanto isso não se sabe');
      isOpened = true;
      return {};
    },
  };
  try {
    const messages = client.follow(CALL, course, { signal: ended.signal });
    for (;;) {
      const { done, value } = await messages.next();
      if (done !== true) {
        await output.line(safeJson(value));
        continue;
      }
      const { failed } = value;
      if (ended.signal.aborted || failed === undefined) return EXIT.ok;
      const failure = failureOf(value, failed, target.timeoutMs);
      output.error(failure.message);
      return failure.exit;
    }
  } finally {
    for (const signal of signals) process.off(signal, stop);
    client.close();
  }
}

/** `Rastro`, as it is shown. */
function tracedOf(message: object): object {
  return {
    numero: Number(textOf(message, 'numero')),
    quando_us: Number(textOf(message, 'quando_us')),
    ...{ que: textOf(message, 'que'), canal: textOf(message, 'canal'), tipo: textOf(message, 'tipo') },
    tamanho: Number(textOf(message, 'tamanho')),
    resumo: bytesOf(message, 'resumo').toString('hex'),
    ...{ efeito: textOf(message, 'efeito'), aplicadas: numberOf(message, 'aplicadas') },
    corpo: contentOf(bytesOf(message, 'corpo').toString('utf8')),
  };
}

function bytesOf(message: object, name: string): Buffer {
  const value = valueOf(message, name);
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.alloc(0);
}

/** A body as JSON, or as text where it is none: it may be cut. */
function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
