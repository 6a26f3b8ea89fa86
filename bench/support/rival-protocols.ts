import { valueOf } from './messages.js';
import type { TextLoad } from './text-load.js';
import { keyOf } from './unary-calls.js';

/** How requests of a program are written, and its answers read. */
export type Protocol = Pick<TextLoad, 'hello' | 'request' | 'answer'>;

/** Name of the bucket at NATS. */
const BUCKET = 'bench';

const END = '\r\n';

/** RESP: SET or GET of keys from a number on. */
export function redis(operation: 'insert' | 'query', first: number): Protocol {
  const words = (call: number): readonly string[] =>
    operation === 'query' ? ['GET', keyOf(first + call)] : ['SET', keyOf(first + call), valueOf(call)];
  return {
    request: (call) => {
      const list = words(call);
      return `*${list.length}${END}${list.map((word) => `$${word.length}${END}${word}${END}`).join('')}`;
    },
    answer: (bytes, at) => {
      const line = bytes.indexOf(END, at);
      if (line < 0) return undefined;
      const head = bytes.slice(at, line);
      if (head !== (operation === 'query' ? '$64' : '+OK')) throw new Error(`not expected: ${head}`);
      const end = line + END.length + (operation === 'query' ? 64 + END.length : 0);
      return end > bytes.length ? undefined : { end, counts: true };
    },
  };
}

/** JetStream's key-value store: a put that is acknowledged, or a direct get. */
export function nats(operation: 'insert' | 'query', first: number): Protocol {
  // Every connection has an inbox of its own: answers go to all that listen.
  const inbox = `_INBOX.carga${first}`;
  const publish = (subject: string, reply: string, payload: string): string =>
    `PUB ${subject} ${reply} ${payload.length}${END}${payload}${END}`;
  return {
    hello: `CONNECT {"verbose":false,"headers":true,"no_responders":true}${END}SUB ${inbox}.* 1${END}`,
    request: (call) => {
      const subject = `$KV.${BUCKET}.${keyOf(first + call)}`;
      return operation === 'insert'
        ? publish(subject, `${inbox}.${call}`, valueOf(call))
        : publish(`$JS.API.DIRECT.GET.KV_${BUCKET}.${subject}`, `${inbox}.${call}`, '');
    },
    answer: (bytes, at) => {
      const line = bytes.indexOf(END, at);
      if (line < 0) return undefined;
      const head = bytes.slice(at, line).split(' ');
      if (head[0] === '-ERR') throw new Error(head.join(' '));
      if (head[0] !== 'MSG' && head[0] !== 'HMSG') return { end: line + END.length, counts: false };
      const size = Number(head.at(-1));
      const end = line + END.length + size + END.length;
      if (end > bytes.length) return undefined;
      const said = bytes.slice(line + END.length, end);
      const isRight =
        operation === 'insert'
          ? said.includes('"seq":') && !said.includes('"error"')
          : said.includes('valor ');
      if (!isRight) throw new Error(`not expected: ${said}`);
      return { end, counts: true };
    },
  };
}

/** Makes the bucket, in memory, with one version of each key. */
export function natsBucket(): Protocol {
  const stream = {
    ...{ name: `KV_${BUCKET}`, subjects: [`$KV.${BUCKET}.>`], storage: 'memory' },
    ...{ max_msgs_per_subject: 1, allow_direct: true, discard: 'new' },
  };
  const payload = JSON.stringify(stream);
  return {
    ...nats('insert', 0),
    request: () =>
      `PUB $JS.API.STREAM.CREATE.KV_${BUCKET} _INBOX.carga0.0 ${payload.length}${END}${payload}${END}`,
    answer: (bytes, at) => {
      const line = bytes.indexOf(END, at);
      if (line < 0) return undefined;
      const head = bytes.slice(at, line).split(' ');
      if (head[0] !== 'MSG') return { end: line + END.length, counts: false };
      const end = line + END.length + Number(head.at(-1)) + END.length;
      if (end > bytes.length) return undefined;
      if (bytes.slice(line, end).includes('"error"')) throw new Error(bytes.slice(line, end));
      return { end, counts: true };
    },
  };
}
