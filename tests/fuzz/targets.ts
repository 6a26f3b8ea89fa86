import { readFileSync } from 'node:fs';
import { BadLine, decodeLine } from '../../src/wire/mensagem/decode.js';
import { encodeLine } from '../../src/wire/mensagem/encode.js';
import { LineReader, LineTooLong } from '../../src/wire/mensagem/lines.js';
import { KvsError } from '../../src/core/errors.js';
import { decodeToken, encodeToken } from '../../src/core/session-token.js';
import { topicKey } from './topic-key.js';
import { parseHostPort, wholeNumber } from '../../src/config/parse.js';
import { parseInstant } from '../../src/config/instant.js';
import { parseBrokerUrl } from '../../src/mqtt/broker-url.js';
import { keyOfTopic, FleetTopics } from '../../src/doors/mqtt/topic-names.js';
import { readQuestion } from '../../src/doors/mqtt/question-json.js';
import { askedTopic } from '../../src/doors/mqtt/question-topics.js';
import { readWrite } from '../../src/doors/mqtt/writes.js';
import { requestTarget } from '../../src/doors/http/target.js';
import { preferredCoding, preferredForm } from '../../src/doors/http/accept.js';
import { preconditionsOf } from '../../src/doors/http/preconditions.js';
import { decodedText } from '../../src/doors/http/text.js';
import { MessageReader } from '../../src/doors/grpc/protocol/framing.js';
import { timeoutMs } from '../../src/doors/grpc/protocol/timeout.js';
import { decodeEntry, encodeEntry } from '../../src/engines/fleet/journal/records.js';
import { SessionSeen } from '../../src/engines/partitions/session-seen.js';
import { decodeWatchToken, encodeWatchToken } from '../../src/engines/fleet/watching/token.js';
import { readRecording } from '../../src/laboratory/read-recording.js';
import { decodeCsv, encodeCsv } from '../../src/portal/csv.js';
import { parseCredentials } from '../../src/security/access/format.js';
import { busTargets } from './bus-targets.js';
import { refusable, same } from './target.js';
import type { FuzzTarget } from './target.js';

const TEXT_SEPARATOR = '\n';

/** A text, whatever the bytes. */
const text = (input: Buffer): string => input.toString('utf8');

/** Lines of a text, of which a target takes several. */
const parts = (input: Buffer): string[] => text(input).split(TEXT_SEPARATOR);

const TOPICS = new FleetTopics('frota');

/** A message of MQTT: its topic in the first line, then the response topic, then the payload. */
function message(input: Buffer): Parameters<typeof readWrite>[1] {
  const [topic = '', responseTopic = ''] = parts(input);
  const at = Buffer.byteLength(topic) + Buffer.byteLength(responseTopic) + 2;
  return {
    topic,
    retained: false,
    payload: input.subarray(at),
    ...(responseTopic !== '' && { responseTopic }),
  };
}

/** A batch of pieces of a stream, cut where a byte says so. */
function* pieces(input: Buffer): Generator<Buffer> {
  for (let at = 1; at < input.length;) {
    const size = 1 + ((input[0] ?? 0) % 13) * ((at % 3) + 1);
    yield input.subarray(at, at + size);
    at += size;
  }
}

const MESSAGE_BYTES = 2_048;
const ENTRY_KEY = Buffer.concat([Buffer.from('k'), Buffer.alloc(64)]);

/** Everything that parses, by name. */
export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  ...busTargets,
  mensagem: {
    run: (input) => {
      const read = refusable(BadLine, () => decodeLine(input));
      if (read === undefined) return;
      const line = encodeLine(read);
      same('a Mensagem', line, encodeLine(decodeLine(Buffer.from(line.trimEnd()))));
    },
    seeds: [
      '{"tipo":"PUT","chave":"nome","valor":"Maria","timestamp":0}',
      '{"tipo":"GET","chave":"nome","timestamp":3,"id":7}',
      '{"type":"PUT","key":"a","value":"b","ts":0}',
    ],
    words: [
      '"tipo":',
      '"chave":',
      '"timestamp":',
      '"seq":',
      '"id":',
      '"PUT_OK"',
      '"REPLICATION_OK"',
      '"observado":[["a",1]]',
    ],
  },
  linhas: {
    run: (input) => {
      const reader = new LineReader(200, { used: 0, max: 500 });
      const lines: string[] = [];
      const isRead = refusable(LineTooLong, () => {
        for (const piece of pieces(input)) {
          reader.push(piece);
          for (let line = reader.next(); line !== undefined; line = reader.next())
            lines.push(line.toString('latin1'));
        }
        return true;
      });
      if (isRead === undefined) return;
      const whole = input.subarray(1).toString('latin1').split('\n').slice(0, -1);
      const wanted = whole.map((line) => line.replace(/\r$/, '')).filter((line) => line !== '');
      same('lines, however they are cut', JSON.stringify(lines), JSON.stringify(wanted));
    },
    seeds: ['\u0003um\ndois\r\n\ntrês\nfim', '\u0001\n\n\r\n'],
  },
  csv: {
    run: (input) => {
      const fields = decodeCsv(text(input));
      if (fields !== undefined)
        same('fields', JSON.stringify(fields), JSON.stringify(decodeCsv(encodeCsv(fields))));
    },
    seeds: ['1,"Silva, Ana",,x', '"a""b"," c "', ' a ,b'],
  },
  sessao: {
    run: (input) => {
      const token = refusable(KvsError, () => decodeToken(text(input), 'frota'));
      if (token === undefined) return;
      const encoded = encodeToken('frota', token.entries, token.fleetMs);
      if (encoded !== undefined)
        same('a token', JSON.stringify(token), JSON.stringify(decodeToken(encoded, 'frota')));
    },
    seeds: ['f1.frota.o1:1,o2:zz.h1k', 'f1.frota.', 'f1.frota.a:1'],
    words: ['f1.', '.h', ':1'],
  },
  'sessao-particoes': {
    run: (input) => {
      const seen = refusable(KvsError, () => SessionSeen.of(text(input)));
      if (seen === undefined) return;
      const encoded = seen.toText();
      same('a token', SessionSeen.of(encoded).toText(), encoded);
    },
    seeds: ['s1.0123456789abcdef:3:5:2s.010rs..7', 's1....0'],
    words: ['s1.', ':1', ',', '.0'],
  },
  posicao: {
    run: (input) => {
      const place = decodeWatchToken(text(input), 'frota');
      if (place === undefined) return;
      const encoded = encodeWatchToken('frota', place);
      if (encoded !== undefined)
        same('a place', JSON.stringify(place), JSON.stringify(decodeWatchToken(encoded, 'frota')));
    },
    seeds: ['o1.frota.a:1,b:2.c:3:4:d', 'o1.frota.-', 'o1.frota.'],
  },
  'topico-mqtt': {
    run: (input) => {
      const rest = text(input);
      const key = refusable(KvsError, () => keyOfTopic(rest));
      if (key === undefined) return;
      // Each key has one topic.
      same('a key', topicKey(TOPICS, key) ?? rest, rest);
    },
    seeds: ['casa/sala/luz', '10%25', 'a%2Bb%23%00', 'ção'],
  },
  'mensagem-mqtt': {
    run: (input) => {
      const one = message(input);
      readWrite(TOPICS, one);
      askedTopic(TOPICS, one);
    },
    seeds: [
      'kvs/frota/grava/casa\n\nON',
      'kvs/frota/remove/casa\n\n*',
      'kvs/frota/pede\ncasa/resposta\n{"op":"consulta"}',
      'kvs/frota/pede/ana/1\n\n{}',
    ],
    words: ['kvs/frota/', 'grava/', 'remove/', 'pede/', 'resposta/', 'valor/', '$share/'],
  },
  'pedido-mqtt': {
    run: (input) => {
      refusable(KvsError, () => readQuestion(input));
    },
    seeds: [
      '{"op":"consulta","chave":"a","versao":2}',
      '{"op":"insere","chave":"a","valor":"b","ttl":3,"pedido":"01a21f52-39d9-7857-883d-efd9038d1dc3","tentativa":1}',
      '{"op":"compara","chave":"a","versao":0,"valor":null}',
      '{"op":"lista","prefixo":"a","de":"b","ate":"c","depois":"d","limite":5}',
    ],
    words: ['"op":', '"em":', '"versao":', '"valor":', '"historico"', '"remove"'],
  },
  'alvo-http': {
    run: (input) => {
      const [url = '', host = '', other = ''] = parts(input);
      const target = requestTarget(url, ['Host', host, other, host]);
      if (target === undefined) return;
      decodedText(target.path);
      if (target.query !== undefined) new URLSearchParams(target.query);
    },
    seeds: ['/v1/chaves/a%20b?versao=1\nlocalhost', 'http://a:1/x#y\na:1', '*\nx\nhost'],
  },
  'cabecalhos-http': {
    run: (input) => {
      const [accept = '', coding = '', match = '', none = ''] = parts(input);
      preferredForm(accept, ['text/plain', 'application/json']);
      preferredCoding(coding, ['br', 'gzip']);
      refusable(KvsError, () => preconditionsOf({ 'if-match': match, 'if-none-match': none }));
    },
    seeds: ['application/json;q=0.5, */*\ngzip, br;q=0\n"1"\n*', 'text/*\nidentity\nW/"2", "3"\n'],
    words: [';q=', '*/*', '"', 'W/', ', '],
  },
  'quadros-grpc': {
    run: (input) => {
      const reader = new MessageReader(MESSAGE_BYTES);
      for (const piece of pieces(input)) {
        reader.add(piece);
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          if (!Buffer.isBuffer(next)) return;
          if (next.length > MESSAGE_BYTES) throw new Error('a message beyond the limit');
        }
        if (reader.heldBytes > 2 * MESSAGE_BYTES + piece.length)
          throw new Error(`${String(reader.heldBytes)} bytes are held`);
      }
    },
    seeds: [Buffer.from([3, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0]), Buffer.from([40, 1, 0, 0, 0, 1, 7])],
  },
  opcoes: {
    run: (input) => {
      const [one = ''] = parts(input);
      timeoutMs(one);
      refusable(KvsError, () => parseHostPort(one, '--x', '127.0.0.1:1'));
      refusable(KvsError, () => parseBrokerUrl(one));
      refusable(KvsError, () => parseInstant(one, '--em'));
      const number = refusable(KvsError, () => wholeNumber(0, 100, 'de 0 a 100')(one, '--n'));
      if (number !== undefined && !(number >= 0 && number <= 100))
        throw new Error(`${String(number)} was accepted`);
    },
    seeds: [
      '127.0.0.1:9000',
      '[::1]:9000',
      'mqtts://a.b:8883',
      'ws://h:1/x',
      '2026-11-27T10:00:00Z',
      '-5min',
      '10S',
      '42',
    ],
  },
  credenciais: {
    run: (input) => {
      refusable(KvsError, () => parseCredentials(text(input), 'arquivo'));
    },
    seeds: [
      '{"formato":1,"scrypt":{"n":32768,"r":8,"p":1},"credenciais":[{"nome":"ana","papel":"escrita","prefixos":["loja/"],"certificados":["CN=ana"],"criada":"2026-11-25T12:00:00Z","expira":"2027-11-25T12:00:00Z"}]}',
    ],
    words: [
      '"nome":',
      '"papel":',
      '"leitura"',
      '"prefixos":',
      '"sal":',
      '"hash":',
      '"expira":',
      '"certificados":',
    ],
  },
  gravacao: {
    run: (input) => {
      refusable(KvsError, () => readRecording(text(input)));
    },
    // A few lines of a real one.
    seeds: [readFileSync('docs/laboratorio/defeito/b.jsonl', 'utf8').split('\n').slice(0, 12).join('\n')],
    words: ['"kind":', '"n":', '"t":', '"host":', '"to":', '"body":', '\n'],
  },
  diario: {
    run: (input) => {
      // A record of a disk is one that was written: read only where it is whole, and then written again the same.
      const entry = {
        ...{ version: 0, origin: 'o', seq: 0, timestamp: input.length, context: [] },
        ...{ value: text(input), expiresAt: input[0] ?? 0 },
      };
      const bytes = encodeEntry(entry);
      const read = decodeEntry(ENTRY_KEY, 1, bytes, () => 'o');
      same('an entry', read.value, entry.value);
      same('an entry', encodeEntry(read).toString('hex'), bytes.toString('hex'));
    },
    seeds: ['valor', 'ção\u0000', Buffer.from([0xed, 0xa0, 0x80])],
  },
};
