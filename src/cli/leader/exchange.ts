import { connect } from 'node:net';
import { parseHostPort } from '../../config/parse.js';
import { KvsError } from '../../core/errors.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';
import { decodeLine } from '../../wire/mensagem/decode.js';
import { encodeLine } from '../../wire/mensagem/encode.js';
import { LineReader } from '../../wire/mensagem/lines.js';
import type { GetMessage, Mensagem, PutMessage } from '../../wire/mensagem/messages.js';

/**
 * Sends one request to a server on a connection of its own, and waits for the answer.
 * @param server `IP:porta`
 * @throws KvsError SEM_SERVIDOR if nothing was sent (or it was a read), RESULTADO_DESCONHECIDO if a write got no answer
 */
export function exchange(
  server: string,
  request: PutMessage | GetMessage,
  timeoutMs: number,
): Promise<Mensagem> {
  const { host, port } = parseHostPort(server, 'servidor', '127.0.0.1:10097');
  return new Promise((resolve, reject) => {
    const lines = new LineReader(mensagemLimits.lineBytes, { used: 0, max: mensagemLimits.partialBytes });
    const socket = connect({ host, port });
    let sent = false;
    const fail = (what: string): void => {
      socket.destroy();
      reject(
        sent && request.tipo === 'PUT'
          ? new KvsError(
              'RESULTADO_DESCONHECIDO',
              `o servidor em ${server} ${what}; não se sabe se a escrita foi feita: consulte antes de repetir`,
            )
          : new KvsError('SEM_SERVIDOR', `o servidor em ${server} ${what}`),
      );
    };
    const timer = setTimeout(() => fail(`não respondeu em ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => {
      sent = true;
      socket.write(encodeLine(request));
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        lines.push(chunk);
        const line = lines.next();
        if (line === undefined) return;
        resolve(decodeLine(line));
        socket.destroy();
      } catch {
        fail('respondeu algo que não é uma Mensagem');
      }
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      fail(
        error.code === 'ECONNREFUSED' ? 'recusou a conexão' : `não responde (${error.code ?? error.message})`,
      );
    });
    socket.once('close', () => {
      clearTimeout(timer);
      fail('fechou a conexão sem responder');
    });
  });
}
