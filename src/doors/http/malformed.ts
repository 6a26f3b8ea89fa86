import type { Duplex } from 'node:stream';
import type { KvsError } from '../../core/errors.js';
import { httpLimits } from './limits.js';
import { refusalAnswer } from './entrance.js';
import { HttpRefusal, tooLongTarget } from './problems.js';

interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Answers what is no request of HTTP/1.1, and ends its connection: where the next one begins is not known.
 * @param owesAnswers to requests before it, which nothing may come between
 */
export function answerMalformed(error: ParserError, socket: Duplex, owesAnswers: boolean): void {
  if (!socket.writable || owesAnswers) {
    socket.destroy();
    return;
  }
  const { status, fields, body = '' } = refusalAnswer(refusalOf(error));
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${TITLES[status] ?? ''}\r\nconnection: close\r\n${lines.join('')}`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body.toString()}`);
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
};

function refusalOf({ code, rawPacket }: ParserError): KvsError {
  if (code !== 'HPE_HEADER_OVERFLOW') return new HttpRefusal(400, 'isto não é um pedido de HTTP/1.1');
  const isTarget = rawPacket !== undefined && firstLineBytes(rawPacket) > httpLimits.targetBytes;
  return isTarget ? tooLongTarget() : new HttpRefusal(431, 'os campos do cabeçalho são grandes demais');
}

/** Bytes of a request line that has come in one piece; 0 if the piece begins with anything else. */
function firstLineBytes(piece: Buffer): number {
  if (!/^[A-Z]{3,7} \//.test(piece.toString('latin1', 0, 16))) return 0;
  const end = piece.indexOf('\r\n');
  return end < 0 ? piece.length : end;
}
